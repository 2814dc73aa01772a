// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "barrier.h"
#include "device.h"
#include "mapping.h"
#include "message.h"
#include "options.h"
#include "reader.h"

struct faultline_session {
	int fd;
	struct mapping mapping;
	struct faultline_reader **readers; /* one for each ring; NULL: of an unknown kind */
};

static int take_options(struct faultline_options *options, const struct faultline_options *from)
{
	int err = 0;

	*options = (struct faultline_options){ 0 };
	if (from)
		err = options_take(options, sizeof(*options), sizeof(*options), from);
	if (!options->device)
		options->device = FL_DEVICE;
	return err;
}

static int set_up_and_map(struct faultline_session *session,
			  const struct faultline_options *options)
{
	struct fl_setup setup = {
		.size = sizeof(setup),
		.flags = options->flags,
		.period_ns = options->period_ns,
		.ring_bytes = options->ring_bytes,
		.wake_bytes = options->wake_bytes,
	};
	void *memory;
	int err;

	err = device_call(session->fd, FL_IOC_SETUP, &setup);
	if (err)
		return err;
	memory = mmap(NULL, setup.mapping_bytes, PROT_READ, MAP_SHARED, session->fd, 0);
	if (memory == MAP_FAILED)
		return message_fail_at(-errno, "the session's memory cannot be mapped");
	err = mapping_check(&session->mapping, memory, setup.mapping_bytes);
	if (err)
		munmap(memory, setup.mapping_bytes);
	return err;
}

static void unmap(struct faultline_session *session)
{
	munmap((void *)session->mapping.memory, session->mapping.bytes);
}

static void close_readers(struct faultline_session *session)
{
	for (uint32_t i = 0; i < session->mapping.rings; i++)
		faultline_reader_close(session->readers[i]);
	free(session->readers);
}

static int open_readers(struct faultline_session *session)
{
	uint32_t rings = session->mapping.rings;
	int err;

	session->readers = calloc(rings ? rings : 1, sizeof(struct faultline_reader *));
	if (!session->readers)
		return message_fail(-ENOMEM, "no memory for %u readers", rings);
	for (uint32_t i = 0; i < rings; i++) {
		err = reader_new(&session->mapping, i, 0, &session->readers[i]);
		if (err && err != -EOPNOTSUPP) {
			close_readers(session);
			return err;
		}
	}
	return 0;
}

int faultline_session_open(const struct faultline_options *options,
			   struct faultline_session **session)
{
	struct faultline_options all;
	struct faultline_session *made;
	int err;

	*session = NULL;
	err = take_options(&all, options);
	if (err)
		return err;
	made = calloc(1, sizeof(*made));
	if (!made)
		return message_fail(-ENOMEM, "no memory for a session");
	err = made->fd = device_open(all.device);
	if (err < 0)
		goto no_device;
	err = device_shake_hands(made->fd);
	if (err)
		goto no_mapping;
	err = set_up_and_map(made, &all);
	if (err)
		goto no_mapping;
	err = open_readers(made);
	if (err)
		goto no_readers;
	*session = made;
	return 0;

no_readers:
	unmap(made);
no_mapping:
	close(made->fd);
no_device:
	free(made);
	return err;
}

void faultline_session_close(struct faultline_session *session)
{
	if (!session)
		return;
	close_readers(session);
	unmap(session);
	close(session->fd);
	free(session);
}

const struct fl_header *faultline_session_header(const struct faultline_session *session)
{
	return (const void *)session->mapping.memory;
}

int faultline_session_fd(const struct faultline_session *session)
{
	return session->fd;
}

int faultline_session_add(struct faultline_session *session, enum fl_target_kind kind, int number,
			  uint32_t *target)
{
	struct fl_add add = { .size = sizeof(add), .kind = kind, .number = number };
	int err = device_call(session->fd, FL_IOC_ADD, &add);

	if (!err && target)
		*target = add.target;
	return err;
}

int faultline_session_remove(struct faultline_session *session, uint32_t target)
{
	struct fl_remove remove = { .size = sizeof(remove), .target = target };

	return device_call(session->fd, FL_IOC_REMOVE, &remove);
}

int faultline_session_start(struct faultline_session *session)
{
	return device_call(session->fd, FL_IOC_START, NULL);
}

int faultline_session_stop(struct faultline_session *session)
{
	return device_call(session->fd, FL_IOC_STOP, NULL);
}

int faultline_session_sample(struct faultline_session *session)
{
	return device_call(session->fd, FL_IOC_SAMPLE, NULL);
}

int faultline_session_wait(struct faultline_session *session, int timeout_ms)
{
	struct pollfd wanted = { .fd = session->fd, .events = POLLIN };
	int ready = poll(&wanted, 1, timeout_ms);

	if (ready < 0)
		return message_fail_at(-errno, "waiting for records failed");
	if (!ready)
		return 0;
	if (!(wanted.revents & POLLIN))
		return message_fail(-EIO, "the session ended while it was waited for");
	return 1;
}

struct faultline_reader *faultline_session_reader(struct faultline_session *session, uint32_t ring)
{
	return ring < session->mapping.rings ? session->readers[ring] : NULL;
}

int faultline_session_consume(struct faultline_session *session, struct faultline_reader *reader)
{
	struct fl_consume consume = { .size = sizeof(consume) };
	int err = reader_error(reader);

	if (err)
		return err;
	while (consume.ring < session->mapping.rings && session->readers[consume.ring] != reader)
		consume.ring++;
	if (consume.ring == session->mapping.rings)
		return message_fail(-EINVAL, "the reader is not one of the session's");
	consume.position = faultline_reader_position(reader);
	return device_call(session->fd, FL_IOC_CONSUME, &consume);
}

static void add_ring(struct faultline_figures *figures, const struct fl_ring *ring)
{
	figures->records += barrier_none(&ring->records);
	figures->lost += barrier_none(&ring->lost);
	figures->overwritten += barrier_none(&ring->overwritten);
}

int faultline_session_figures(const struct faultline_session *session,
			      struct faultline_figures *figures)
{
	const struct fl_header *header = faultline_session_header(session);
	struct faultline_figures found = {
		.targets = __atomic_load_n(&header->targets, __ATOMIC_RELAXED),
		.start_ns = barrier_none(&header->start_ns),
		.passes = barrier_none(&header->passes),
		.missed = barrier_none(&header->missed),
		.shed = barrier_none(&header->shed),
		.unfollowed = barrier_none(&header->unfollowed),
		.pass_ns = barrier_none(&header->pass_ns),
	};

	for (uint32_t i = 0; i < session->mapping.rings; i++) {
		struct mapping_ring ring;

		if (!session->readers[i] || mapping_ring(&session->mapping, i, &ring))
			continue;
		add_ring(&found, ring.ring);
		found.skipped += faultline_reader_skipped(session->readers[i]);
	}
	return options_give(figures, sizeof(found), &found, sizeof(found));
}
