// SPDX-License-Identifier: MIT
#include "exits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define POSSIBLE      "/sys/devices/system/cpu/possible"
#define CPUS_BYTES    512
#define MESSAGE_BYTES 4096
#define WIRE_BYTES    (8 << 20) /* which the kernel doubles: room for some 13,000 ends */
#define CLOCK_NS      50000000L
#define STRANGERS_MAX 16384
#define LAST	      0x20 /* AGROUP, which older headers have not */
#define NS_PER_US     1000
#define BYTES_PER_KB  1024
#define HEADERS_BYTES (NLMSG_HDRLEN + GENL_HDRLEN)

/* All fields but the process have been there since 2006. */
#define LEAST_BYTES   (offsetof(struct taskstats, nivcsw) + sizeof(uint64_t))
#define PROCESS_BYTES (offsetof(struct taskstats, ac_tgid) + sizeof(uint32_t))

struct request {
	struct nlmsghdr message;
	struct genlmsghdr generic;
	struct nlattr attribute;
	char value[CPUS_BYTES];
};

/* The value of the attribute of that type, its size into @size; NULL: there is none, or damaged. */
static const void *find(const void *attributes, size_t bytes, uint16_t type, size_t *size)
{
	const char *at = attributes;
	struct nlattr attribute;

	while (bytes >= NLA_HDRLEN) {
		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > bytes)
			return NULL;
		if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
			*size = attribute.nla_len - NLA_HDRLEN;
			return at + NLA_HDRLEN;
		}
		if ((size_t)NLA_ALIGN(attribute.nla_len) >= bytes)
			return NULL;
		bytes -= NLA_ALIGN(attribute.nla_len);
		at += NLA_ALIGN(attribute.nla_len);
	}
	return NULL;
}

static bool find_number(const void *attributes, size_t bytes, uint16_t type, void *number,
			size_t wanted)
{
	size_t size;
	const void *value = find(attributes, bytes, type, &size);

	if (!value || size < wanted)
		return false;
	memcpy(number, value, wanted);
	return true;
}

/* The attributes of a message of that type and command; NULL: it is another, or damaged. */
static const void *open_message(const void *message, size_t *bytes, uint16_t type, uint8_t command)
{
	struct nlmsghdr header;
	struct genlmsghdr generic;

	if (*bytes < HEADERS_BYTES)
		return NULL;
	memcpy(&header, message, sizeof(header));
	memcpy(&generic, (const char *)message + NLMSG_HDRLEN, sizeof(generic));
	if (header.nlmsg_type != type || generic.cmd != command ||
	    header.nlmsg_len < HEADERS_BYTES || header.nlmsg_len > *bytes)
		return NULL;
	*bytes = header.nlmsg_len - HEADERS_BYTES;
	return (const char *)message + HEADERS_BYTES;
}

static void take_in(const struct taskstats *stats, struct exits_end *end)
{
	end->version = stats->version;
	end->thread = (int)stats->ac_pid;
	end->process = end->thread;
	end->status = (int)stats->ac_exitcode;
	end->minor = stats->ac_minflt;
	end->major = stats->ac_majflt;
	/* The scheduler's account; the other one is that of whom ticks found. */
	end->cpu_ns = stats->cpu_run_virtual_total;
	if (!end->cpu_ns)
		end->cpu_ns = (stats->ac_utime + stats->ac_stime) * NS_PER_US;
	end->system_ns = stats->ac_stime * NS_PER_US;
	end->voluntary = stats->nvcsw;
	end->involuntary = stats->nivcsw;
	end->peak_bytes = stats->hiwater_rss * BYTES_PER_KB;
	memcpy(end->comm, stats->ac_comm, sizeof(end->comm) - 1);
}

int exits_parse(const void *message, size_t bytes, uint16_t family, struct exits_end *end)
{
	const void *attributes = open_message(message, &bytes, family, TASKSTATS_CMD_NEW);
	const void *one, *several, *told;
	size_t one_bytes, several_bytes, told_bytes;
	struct taskstats stats = { 0 };
	uint32_t number;

	if (!attributes)
		return -EINVAL;
	one = find(attributes, bytes, TASKSTATS_TYPE_AGGR_PID, &one_bytes);
	if (!one || !find_number(one, one_bytes, TASKSTATS_TYPE_PID, &number, sizeof(number)))
		return -EINVAL;
	told = find(one, one_bytes, TASKSTATS_TYPE_STATS, &told_bytes);
	if (!told || told_bytes < LEAST_BYTES)
		return -EINVAL;
	memcpy(&stats, told, told_bytes < sizeof(stats) ? told_bytes : sizeof(stats));
	*end = (struct exits_end){ 0 };
	take_in(&stats, end);
	/* Version 15 has fields in the middle. */
	if (end->thread <= 0 || (uint32_t)end->thread != number)
		return -EINVAL;
	several = find(attributes, bytes, TASKSTATS_TYPE_AGGR_TGID, &several_bytes);
	if (stats.version >= EXITS_VERSION_PROCESS && told_bytes >= PROCESS_BYTES) {
		end->process = (int)stats.ac_tgid;
		end->last = stats.ac_flag & LAST;
		end->alone = end->last && !several;
	} else if (several) {
		if (!find_number(several, several_bytes, TASKSTATS_TYPE_TGID, &number,
				 sizeof(number)))
			return -EINVAL;
		end->process = (int)number;
		end->last = true;
	}
	return end->process > 0 ? 0 : -EINVAL;
}

static int ask(const struct exits *exits, uint8_t command, uint16_t attribute, const char *text)
{
	struct request request = {
		.message = { .nlmsg_type = exits->family,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.generic = { .cmd = command, .version = 1 },
		.attribute = { .nla_type = attribute },
	};
	size_t length = strlen(text) + 1;

	if (length > sizeof(request.value))
		return -E2BIG;
	memcpy(request.value, text, length);
	request.attribute.nla_len = NLA_HDRLEN + length;
	request.message.nlmsg_len =
		offsetof(struct request, attribute) + NLA_ALIGN(request.attribute.nla_len);
	return send(exits->wire, &request, request.message.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Anyone may write to our wire: only the kernel is number 0. Its size, 0: another's, or -errno. */
static ssize_t receive(const struct exits *exits, void *message)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_bytes = sizeof(from);
	ssize_t length = recvfrom(exits->wire, message, MESSAGE_BYTES, MSG_DONTWAIT,
				  (struct sockaddr *)&from, &from_bytes);

	if (length < 0)
		return -errno;
	return from.nl_pid ? 0 : length;
}

/* Did what was asked succeed? The kernel answers before send(2) returns. Ends are passed by. */
static int hear_answer(struct exits *exits)
{
	_Alignas(struct nlmsghdr) char message[MESSAGE_BYTES];
	const struct nlmsghdr *header = (const struct nlmsghdr *)message;
	const void *attributes;
	size_t bytes;
	ssize_t length;
	int error;

	for (;;) {
		length = receive(exits, message);
		if (length < 0 && length != -ENOBUFS && length != -EINTR)
			return length == -EAGAIN ? -EPROTO : (int)length;
		if (length < (ssize_t)NLMSG_HDRLEN)
			continue;
		if (header->nlmsg_type == NLMSG_ERROR &&
		    length >= (ssize_t)(NLMSG_HDRLEN + sizeof(error))) {
			memcpy(&error, message + NLMSG_HDRLEN, sizeof(error));
			return error;
		}
		bytes = length;
		attributes = open_message(message, &bytes, GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
		if (attributes)
			find_number(attributes, bytes, CTRL_ATTR_FAMILY_ID, &exits->family,
				    sizeof(exits->family));
	}
}

static int find_family(struct exits *exits)
{
	int error;

	exits->family = GENL_ID_CTRL;
	error = ask(exits, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME);
	if (!error)
		error = hear_answer(exits);
	return !error && exits->family == GENL_ID_CTRL ? -EPROTO : error;
}

/* Of CPUs that may be there one day, too. */
static int enlist(struct exits *exits, uint16_t attribute)
{
	int file = open(POSSIBLE, O_RDONLY | O_CLOEXEC);
	char cpus[CPUS_BYTES];
	ssize_t length = 0;
	int error;

	if (file >= 0) {
		length = read(file, cpus, sizeof(cpus) - 1);
		close(file);
	}
	if (length > 0)
		cpus[length] = '\0';
	else
		snprintf(cpus, sizeof(cpus), "0-%ld", sysconf(_SC_NPROCESSORS_CONF) - 1);
	cpus[strcspn(cpus, "\n")] = '\0';
	error = ask(exits, TASKSTATS_CMD_GET, attribute, cpus);
	return error ? error : hear_answer(exits);
}

/*
 * In another namespace of networks the kernel takes listeners and tells them nothing, and one of
 * its versions is not what it says: so an end of our own is to be heard.
 */
static int hear_oneself(struct exits *exits)
{
	struct exits_end end;
	pid_t child = fork();
	int error = -EPROTO;

	if (child < 0)
		return -errno;
	if (!child)
		_exit(0);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	while (exits_next(exits, &end)) {
		if (end.process == child && end.thread == child) {
			exits->version = end.version;
			error = 0;
		}
	}
	return error;
}

static int open_wire(struct exits *exits)
{
	int bytes = WIRE_BYTES;

	exits->wire = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC);
	if (exits->wire < 0)
		return -errno;
	if (setsockopt(exits->wire, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(exits->wire, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return 0;
}

/* Ends of others do not wake, as there may be thousands a second: this does. */
static int open_clock(struct exits *exits, int (*watch)(void *context, int file), void *context)
{
	const struct itimerspec when = { { 0, CLOCK_NS }, { 0, CLOCK_NS } };

	exits->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (exits->clock < 0 || timerfd_settime(exits->clock, 0, &when, NULL))
		return -errno;
	return watch(context, exits->clock);
}

int exits_open(struct exits *exits, int (*watch)(void *context, int file), void *context)
{
	int error;

	*exits = (struct exits){ .wire = -1, .clock = -1 };
	error = open_wire(exits);
	if (!error)
		error = find_family(exits);
	if (!error)
		error = enlist(exits, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK);
	exits->listens = !error;
	if (!error)
		error = hear_oneself(exits);
	if (!error)
		error = open_clock(exits, watch, context);
	if (error)
		exits_close(exits);
	return error;
}

/*
 * Whom to believe. A process that ends as a whole gives its status to all threads that it then has.
 * Those that ended by themselves have 0, and one of them may be the last to be gone.
 */
static int trust(const struct exits_end *end)
{
	if (!end->status)
		return 0;
	if (end->last)
		return 3;
	return end->thread == end->process ? 2 : 1;
}

void exits_add(struct exits_sum *sum, const struct exits_end *end)
{
	sum->ends++;
	sum->whole = sum->whole || end->alone;
	if (end->version < EXITS_VERSION_PROCESS && end->last)
		sum->partial = true;
	if (trust(end) > sum->told_by) {
		sum->told_by = trust(end);
		sum->status = end->status;
	}
	sum->minor += end->minor;
	sum->major += end->major;
	sum->cpu_ns += end->cpu_ns;
	sum->system_ns += end->system_ns;
	sum->voluntary += end->voluntary;
	sum->involuntary += end->involuntary;
	if (end->peak_bytes > sum->peak_bytes)
		sum->peak_bytes = end->peak_bytes;
	if (end->thread == end->process)
		memcpy(sum->comm, end->comm, sizeof(sum->comm));
}

bool exits_next(struct exits *exits, struct exits_end *end)
{
	_Alignas(struct nlmsghdr) char message[MESSAGE_BYTES];
	ssize_t length;

	for (;;) {
		length = receive(exits, message);
		if (length == -ENOBUFS)
			exits->losses++;
		else if (length < 0 && length != -EINTR)
			return false;
		else if (length > 0 && !exits_parse(message, length, exits->family, end))
			return true;
	}
}

void exits_keep(struct exits *exits, const struct exits_end *end)
{
	size_t room = exits->room ? 2 * exits->room : 64;
	struct exits_end *strangers;

	if (exits->number == exits->room) {
		strangers = exits->number < STRANGERS_MAX
				    ? reallocarray(exits->strangers, room, sizeof(*strangers))
				    : NULL;
		if (!strangers) {
			exits->losses++;
			return;
		}
		exits->strangers = strangers;
		exits->room = room;
	}
	exits->strangers[exits->number] = *end;
	exits->strangers[exits->number++].turn = exits->turn;
}

static struct exits_end *look_for(const struct exits *exits, int process)
{
	for (size_t i = 0; i < exits->number; i++) {
		if (exits->strangers[i].process == process && exits->strangers[i].thread)
			return &exits->strangers[i];
	}
	return NULL;
}

const struct exits_end *exits_find(const struct exits *exits, int process)
{
	return look_for(exits, process);
}

bool exits_take(struct exits *exits, int process, struct exits_end *end)
{
	struct exits_end *found = look_for(exits, process);

	if (!found)
		return false;
	*end = *found;
	found->thread = 0;
	return true;
}

void exits_forget(struct exits *exits)
{
	size_t kept = 0;

	for (size_t i = 0; i < exits->number; i++) {
		if (exits->strangers[i].thread && exits->strangers[i].turn == exits->turn)
			exits->strangers[kept++] = exits->strangers[i];
	}
	exits->number = kept;
	exits->turn++;
	exits->settled = exits->recent;
	exits->recent = exits->losses;
}

void exits_close(struct exits *exits)
{
	/* Its number may be another's before the kernel notices that nobody listens. */
	if (exits->listens)
		enlist(exits, TASKSTATS_CMD_ATTR_DEREGISTER_CPUMASK);
	if (exits->wire >= 0)
		close(exits->wire);
	if (exits->clock >= 0)
		close(exits->clock);
	free(exits->strangers);
	*exits = (struct exits){ .wire = -1, .clock = -1 };
}
