// SPDX-License-Identifier: MIT
/*
 * What the kernel tells of ends: messages that are made up, whole and damaged, and real ones. Who
 * may not listen is told so: as nobody, and wherever the kernel refuses it to root, too.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <linux/genetlink.h>
#include <linux/taskstats.h>

#include "exits.h"

#define NOBODY	65534
#define FAMILY	23
#define PROCESS 1000
#define THREAD	1007
#define GROUP	0x20 /* AGROUP */
#define V8	328  /* bytes of the kernel's struct, as those versions have it */
#define V13	432
#define V17	640
#define CROWD	2000

/* A message, in memory of just its size, so that a look beyond it is noticed. */
struct made {
	unsigned char bytes[4096];
	size_t used;
};

static void *put(struct made *made, size_t bytes)
{
	void *at = made->bytes + made->used;

	made->used += NLMSG_ALIGN(bytes);
	assert_true(made->used <= sizeof(made->bytes));
	return at;
}

static struct nlattr *begin(struct made *made, uint16_t type)
{
	struct nlattr *attribute = put(made, NLA_HDRLEN);

	attribute->nla_type = type;
	return attribute;
}

static void finish(const struct made *made, struct nlattr *attribute)
{
	attribute->nla_len = made->bytes + made->used - (unsigned char *)attribute;
}

static void put_number(struct made *made, uint16_t type, uint32_t number)
{
	struct nlattr *attribute = begin(made, type);

	memcpy(put(made, sizeof(number)), &number, sizeof(number));
	finish(made, attribute);
}

static void put_stats(struct made *made, const struct taskstats *stats, size_t bytes)
{
	struct nlattr *attribute = begin(made, TASKSTATS_TYPE_STATS);

	memcpy(put(made, bytes), stats, bytes < sizeof(*stats) ? bytes : sizeof(*stats));
	finish(made, attribute);
}

static struct taskstats stats_of(unsigned int version, int process, int thread)
{
	struct taskstats stats = {
		.version = version,
		.ac_exitcode = 3 << 8,
		.ac_pid = thread,
		.ac_tgid = version >= 12 ? process : 0,
		.ac_minflt = 400,
		.ac_majflt = 5,
		.ac_utime = 7000,
		.ac_stime = 2000,
		.cpu_run_virtual_total = 8500000,
		.hiwater_rss = 1200,
		.nvcsw = 11,
		.nivcsw = 12,
	};

	memcpy(stats.ac_comm, "its name", 8);
	return stats;
}

/* @of_several: it was the last of that process, which had more threads; 0: it was not */
static struct made message_of(const struct taskstats *stats, size_t bytes, int of_several)
{
	struct made made = { 0 };
	struct nlmsghdr *header = put(&made, NLMSG_HDRLEN);
	struct genlmsghdr *generic = put(&made, GENL_HDRLEN);
	struct nlattr *outer = begin(&made, TASKSTATS_TYPE_AGGR_PID);

	put_number(&made, TASKSTATS_TYPE_PID, stats->ac_pid);
	finish(&made, begin(&made, TASKSTATS_TYPE_NULL));
	put_stats(&made, stats, bytes);
	finish(&made, outer);
	if (of_several) {
		outer = begin(&made, TASKSTATS_TYPE_AGGR_TGID);
		put_number(&made, TASKSTATS_TYPE_TGID, of_several);
		put_stats(&made, &(struct taskstats){ 0 }, bytes);
		finish(&made, outer);
	}
	generic->cmd = TASKSTATS_CMD_NEW;
	header->nlmsg_type = FAMILY;
	header->nlmsg_len = made.used;
	return made;
}

static int parse(const struct made *made, size_t bytes, struct exits_end *end)
{
	void *copy = malloc(bytes ? bytes : 1);
	int error;

	memcpy(copy, made->bytes, bytes);
	error = exits_parse(copy, bytes, FAMILY, end);
	free(copy);
	return error;
}

static void expect_counts(const struct exits_end *end)
{
	assert_int_equal(end->minor, 400);
	assert_int_equal(end->major, 5);
	assert_int_equal(end->cpu_ns, 8500000);
	assert_int_equal(end->system_ns, 2000000);
	assert_int_equal(end->voluntary, 11);
	assert_int_equal(end->involuntary, 12);
	assert_int_equal(end->peak_bytes, 1200 * 1024);
	assert_int_equal(end->status, 3 << 8);
	assert_string_equal(end->comm, "its name");
}

static void test_a_process_of_one_thread(void **state)
{
	struct taskstats stats = stats_of(13, PROCESS, PROCESS);
	struct exits_end end;
	struct made made;

	(void)state;
	stats.ac_flag = GROUP;
	made = message_of(&stats, V13, 0);
	assert_int_equal(parse(&made, made.used, &end), 0);
	assert_int_equal(end.process, PROCESS);
	assert_int_equal(end.thread, PROCESS);
	assert_true(end.last && end.alone);
	expect_counts(&end);
}

static void test_threads(void **state)
{
	struct taskstats stats = stats_of(13, PROCESS, THREAD);
	struct exits_end end;
	struct made made = message_of(&stats, V13, 0);

	(void)state;
	assert_int_equal(parse(&made, made.used, &end), 0);
	assert_int_equal(end.process, PROCESS);
	assert_int_equal(end.thread, THREAD);
	assert_false(end.last || end.alone);
	expect_counts(&end);
	stats.ac_flag = GROUP;
	made = message_of(&stats, V13, PROCESS);
	assert_int_equal(parse(&made, made.used, &end), 0);
	assert_true(end.last && !end.alone);
}

static void test_old_kernels(void **state)
{
	struct taskstats stats = stats_of(8, PROCESS, THREAD);
	struct exits_end end;
	struct made made = message_of(&stats, V8, 0);

	(void)state;
	assert_int_equal(parse(&made, made.used, &end), 0);
	assert_int_equal(end.version, 8);
	assert_int_equal(end.process, THREAD);
	assert_false(end.last || end.alone);
	expect_counts(&end);
	made = message_of(&stats, V8, PROCESS);
	assert_int_equal(parse(&made, made.used, &end), 0);
	assert_int_equal(end.process, PROCESS);
	assert_true(end.last && !end.alone);
}

static void test_kernels_to_come(void **state)
{
	struct taskstats stats = stats_of(99, PROCESS, THREAD);
	struct exits_end end;
	struct made made = message_of(&stats, V17, 0);

	(void)state;
	assert_int_equal(parse(&made, made.used, &end), 0);
	assert_int_equal(end.process, PROCESS);
	expect_counts(&end);
	/* One that says to be new, and is too short for that. */
	made = message_of(&stats, V8, 0);
	assert_int_equal(parse(&made, made.used, &end), 0);
	assert_int_equal(end.process, THREAD);
}

static void test_without_an_account_of_the_scheduler_s(void **state)
{
	struct taskstats stats = stats_of(13, PROCESS, PROCESS);
	struct exits_end end;
	struct made made;

	(void)state;
	stats.cpu_run_virtual_total = 0;
	made = message_of(&stats, V13, 0);
	assert_int_equal(parse(&made, made.used, &end), 0);
	assert_int_equal(end.cpu_ns, 9000000);
}

static void refuse(const struct made *made)
{
	struct exits_end end;

	assert_int_equal(parse(made, made->used, &end), -EINVAL);
}

static void test_what_is_none(void **state)
{
	struct taskstats stats = stats_of(13, PROCESS, PROCESS);
	struct made good = message_of(&stats, V13, PROCESS), made;
	const uint32_t other = THREAD;

	(void)state;
	made = good;
	((struct nlmsghdr *)made.bytes)->nlmsg_type = FAMILY + 1;
	refuse(&made);
	made = good;
	((struct genlmsghdr *)(made.bytes + NLMSG_HDRLEN))->cmd = TASKSTATS_CMD_GET;
	refuse(&made);
	made = message_of(&stats, offsetof(struct taskstats, nivcsw), 0);
	refuse(&made);
	/* Fields that are not where they should be: the thread is not who is told of. */
	made = good;
	memcpy(made.bytes + NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN + NLA_HDRLEN, &other,
	       sizeof(other));
	refuse(&made);
	stats = stats_of(13, PROCESS, 0);
	made = message_of(&stats, V13, 0);
	refuse(&made);
	stats = stats_of(13, -5, PROCESS);
	made = message_of(&stats, V13, 0);
	refuse(&made);
}

static void test_what_is_cut(void **state)
{
	struct taskstats stats = stats_of(13, PROCESS, THREAD);
	struct made made = message_of(&stats, V13, PROCESS);
	struct nlmsghdr *header = (struct nlmsghdr *)made.bytes;
	size_t whole = made.used;
	struct exits_end end;

	(void)state;
	for (size_t bytes = 0; bytes < whole; bytes++) {
		header->nlmsg_len = whole;
		assert_int_equal(parse(&made, bytes, &end), -EINVAL);
		/* What is left is one thing less, or nothing. */
		header->nlmsg_len = bytes;
		if (!parse(&made, bytes, &end))
			assert_int_equal(end.process, PROCESS);
	}
}

/* Every number in it is a length, a type or a value that an enemy may choose. */
static void test_what_is_hostile(void **state)
{
	static const unsigned char values[] = { 0, 1, 3, 4, 5, 0x7f, 0x80, 0xff };
	struct taskstats stats = stats_of(13, PROCESS, THREAD);
	struct made good = message_of(&stats, V13, PROCESS), made;
	struct exits_end end;

	(void)state;
	for (size_t at = 0; at < good.used; at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			made = good;
			made.bytes[at] = values[i];
			if (!parse(&made, made.used, &end))
				assert_true(end.process > 0 && end.thread > 0);
			made.bytes[at ^ 1] = values[i];
			parse(&made, made.used, &end);
		}
	}
	memset(stats.ac_comm, 'x', sizeof(stats.ac_comm));
	made = message_of(&stats, V13, 0);
	assert_int_equal(parse(&made, made.used, &end), 0);
	assert_string_equal(end.comm, "xxxxxxxxxxxxxxx");
}

static void test_sums(void **state)
{
	struct exits_end first = { .version = 13,
				   .process = PROCESS,
				   .thread = PROCESS,
				   .status = 1 << 8,
				   .minor = 10,
				   .major = 1,
				   .cpu_ns = 1000,
				   .system_ns = 100,
				   .voluntary = 3,
				   .involuntary = 4,
				   .peak_bytes = 5000,
				   .comm = "first" };
	struct exits_end other = first, last = first;
	struct exits_sum sum = { 0 };

	(void)state;
	other.thread = THREAD;
	other.peak_bytes = 9000;
	other.status = 2 << 8;
	strcpy(other.comm, "other");
	last = other;
	last.thread++;
	last.last = true;
	last.status = 9;
	exits_add(&sum, &last);
	exits_add(&sum, &other);
	exits_add(&sum, &first);
	assert_int_equal(sum.ends, 3);
	assert_false(sum.whole);
	assert_int_equal(sum.status, 9);
	assert_int_equal(sum.minor, 30);
	assert_int_equal(sum.major, 3);
	assert_int_equal(sum.cpu_ns, 3000);
	assert_int_equal(sum.system_ns, 300);
	assert_int_equal(sum.voluntary, 9);
	assert_int_equal(sum.involuntary, 12);
	assert_int_equal(sum.peak_bytes, 9000);
	assert_string_equal(sum.comm, "first");

	/* One that had begun to end by itself, and was the last to be gone. */
	sum = (struct exits_sum){ 0 };
	last.status = 0;
	exits_add(&sum, &first);
	exits_add(&sum, &last);
	assert_int_equal(sum.status, 1 << 8);
	/* The first one ended by itself, as did the last. */
	sum = (struct exits_sum){ 0 };
	first.status = 0;
	exits_add(&sum, &first);
	exits_add(&sum, &other);
	exits_add(&sum, &last);
	assert_int_equal(sum.status, 2 << 8);

	sum = (struct exits_sum){ 0 };
	first.status = 1 << 8;
	first.last = first.alone = true;
	exits_add(&sum, &first);
	assert_true(sum.whole);
	assert_int_equal(sum.status, 1 << 8);

	/* Who was first says how it ended, where the kernel says nothing of others. */
	sum = (struct exits_sum){ 0 };
	first.version = last.version = 10;
	first.last = false;
	last.status = 0;
	exits_add(&sum, &first);
	assert_false(sum.partial);
	exits_add(&sum, &last);
	assert_true(sum.partial);
	assert_int_equal(sum.status, 1 << 8);
}

static void test_strangers_stay_for_a_turn_more(void **state)
{
	struct exits_end end = { .process = PROCESS, .thread = PROCESS, .minor = 1 }, found;
	struct exits exits = { .wire = -1, .clock = -1 };

	(void)state;
	assert_null(exits_find(&exits, PROCESS));
	assert_false(exits_take(&exits, PROCESS, &found));
	exits_forget(&exits);
	exits_keep(&exits, &end);
	exits_forget(&exits);
	end.thread = THREAD;
	end.minor = 2;
	exits_keep(&exits, &end);
	assert_int_equal(exits_find(&exits, PROCESS)->minor, 1);
	assert_true(exits_take(&exits, PROCESS, &found));
	assert_int_equal(found.minor, 1);
	assert_true(exits_take(&exits, PROCESS, &found));
	assert_int_equal(found.minor, 2);
	assert_false(exits_take(&exits, PROCESS, &found));
	exits_keep(&exits, &end);
	exits_forget(&exits);
	assert_non_null(exits_find(&exits, PROCESS));
	exits_forget(&exits);
	assert_null(exits_find(&exits, PROCESS));
	assert_int_equal(exits.number, 0);
	exits_close(&exits);
}

static void test_a_flood_of_strangers_is_bounded_and_told(void **state)
{
	struct exits_end end = { .process = PROCESS, .thread = PROCESS };
	struct exits exits = { .wire = -1, .clock = -1 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		end.process = end.thread = PROCESS + i;
		exits_keep(&exits, &end);
	}
	assert_true(exits.losses > 0);
	assert_int_equal(exits.losses, 100000 - exits.number);
	assert_true(exits.number * sizeof(end) < 4 << 20);
	assert_int_equal(exits.settled, 0);
	exits_forget(&exits);
	assert_int_equal(exits.settled, 0);
	exits_forget(&exits);
	assert_int_equal(exits.settled, exits.losses);
	assert_int_equal(exits.number, 0);
	exits_keep(&exits, &end);
	assert_non_null(exits_find(&exits, end.process));
	exits_close(&exits);
}

static int watched;

static int watch(void *context, int file)
{
	assert_ptr_equal(context, &watched);
	assert_true(file >= 0);
	watched++;
	return 0;
}

static int refuse_to_watch(void *context, int file)
{
	(void)context;
	(void)file;
	return -ENOSPC;
}

/* As nobody it never is; where it is not as root, either, that is all there is to see. */
static bool open_real(struct exits *exits)
{
	int error;

	watched = 0;
	error = exits_open(exits, watch, &watched);
	assert_int_equal(watched, !error);
	if (!error) {
		assert_int_equal(geteuid(), 0);
		assert_true(exits->version >= 8);
		return true;
	}
	assert_true(error == -EPERM || error == -EINVAL || error == -ENOENT || error == -EPROTO);
	assert_int_equal(exits->wire, -1);
	assert_int_equal(exits->clock, -1);
	return false;
}

static void test_a_child_s_end_is_heard_when_it_is_buried(void **state)
{
	struct exits exits;
	struct exits_end end;
	struct rusage usage;
	struct exits_sum sum = { 0 };
	int status;
	pid_t child;

	(void)state;
	if (!open_real(&exits))
		return;
	child = fork();
	if (!child) {
		volatile char *memory = malloc(1 << 20);

		for (int i = 0; i < 1 << 20; i += 4096)
			memory[i] = 1;
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(wait4(child, &status, 0, &usage), child);
	while (exits_next(&exits, &end)) {
		if (end.thread == child)
			exits_add(&sum, &end);
	}
	assert_int_equal(sum.ends, 1);
	assert_int_equal(sum.status, status);
	assert_int_equal(sum.minor, usage.ru_minflt);
	assert_int_equal(sum.major, usage.ru_majflt);
	assert_int_equal(sum.peak_bytes, usage.ru_maxrss * 1024);
	if (exits.version >= EXITS_VERSION_PROCESS)
		assert_true(sum.whole);
	exits_close(&exits);
}

static void bury_one(void)
{
	if (!fork())
		_exit(0);
	wait(NULL);
}

static void test_losses_are_noticed_and_it_goes_on(void **state)
{
	int bytes = 65536, heard = 0;
	struct exits exits;
	struct exits_end end;

	(void)state;
	if (!open_real(&exits))
		return;
	setsockopt(exits.wire, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	for (int i = 0; i < CROWD; i++)
		bury_one();
	while (exits_next(&exits, &end))
		heard++;
	assert_true(heard > 0 && heard < CROWD);
	assert_true(exits.losses > 0);
	bury_one();
	assert_true(exits_next(&exits, &end));
	exits_close(&exits);
}

static void test_so_many_have_room(void **state)
{
	struct exits exits;
	struct exits_end end;
	int heard = 0;

	(void)state;
	if (!open_real(&exits))
		return;
	for (int i = 0; i < CROWD; i++)
		bury_one();
	while (exits_next(&exits, &end))
		heard++;
	assert_true(heard >= CROWD);
	assert_int_equal(exits.losses, 0);
	exits_close(&exits);
}

static void test_who_cannot_be_woken_does_not_listen(void **state)
{
	struct exits exits;
	int error = exits_open(&exits, refuse_to_watch, NULL);

	(void)state;
	assert_true(error < 0);
	assert_int_equal(exits.wire, -1);
}

int main(void)
{
	const struct CMUnitTest made[] = {
		cmocka_unit_test(test_a_process_of_one_thread),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_old_kernels),
		cmocka_unit_test(test_kernels_to_come),
		cmocka_unit_test(test_without_an_account_of_the_scheduler_s),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_what_is_cut),
		cmocka_unit_test(test_what_is_hostile),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_strangers_stay_for_a_turn_more),
		cmocka_unit_test(test_a_flood_of_strangers_is_bounded_and_told),
	};
	const struct CMUnitTest real[] = {
		cmocka_unit_test(test_a_child_s_end_is_heard_when_it_is_buried),
		cmocka_unit_test(test_losses_are_noticed_and_it_goes_on),
		cmocka_unit_test(test_so_many_have_room),
		cmocka_unit_test(test_who_cannot_be_woken_does_not_listen),
	};
	int failed, status = 0;

	if (geteuid() == 0 && !fork()) {
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
		exit(cmocka_run_group_tests_name("ends, heard by nobody", real, NULL, NULL));
	}
	wait(&status);
	failed = cmocka_run_group_tests_name("ends, made up", made, NULL, NULL);
	failed += cmocka_run_group_tests_name("ends", real, NULL, NULL);
	return failed || status;
}
