// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "history.h"
#include "recording_file.h"

#define SECOND 1000000000ULL
#define START  (100 * SECOND)

static struct history *history;

static struct fl_record record_of(enum fl_record_type type, size_t size, uint64_t time_ns)
{
	return (struct fl_record){ .type = type, .size = size, .time_ns = time_ns };
}

static int begin(void **state)
{
	const struct faultline_segment segment = {
		.size = sizeof(segment), .start_ns = START, .node = "here", .blind = "nothing"
	};

	(void)state;
	history = history_new();
	return history ? history_begin(history, &segment) : -1;
}

static int end(void **state)
{
	(void)state;
	history_free(history);
	return 0;
}

static void join(enum fl_record_type type, uint32_t target, uint32_t parent, uint64_t birth_ns,
		 uint64_t time_ns)
{
	const struct fl_join join = { .record = record_of(type, sizeof(join), time_ns),
				      .target = target,
				      .parent = parent,
				      .pid = 1000 + target,
				      .birth_ns = birth_ns,
				      .comm = "old" };

	assert_int_equal(history_add(history, &join.record), 0);
}

static void sample(uint32_t target, uint64_t time_ns, uint64_t minor, uint64_t resident)
{
	const struct fl_sample sample = {
		.record = record_of(FL_RECORD_SAMPLE, sizeof(sample), time_ns),
		.target = target,
		.counts = { .minor = minor, .cpu_ns = minor * 1000, .resident = resident }
	};

	assert_int_equal(history_add(history, &sample.record), 0);
}

static void leave(uint32_t target, uint64_t time_ns, uint64_t minor)
{
	const struct fl_exit last = {
		.record = record_of(FL_RECORD_EXIT, sizeof(last), time_ns),
		.target = target,
		.status = 0x100,
		.counts = { .minor = minor, .cpu_ns = minor * 1000 },
	};

	assert_int_equal(history_add(history, &last.record), 0);
}

static void execute(uint32_t target, uint64_t time_ns)
{
	const struct fl_exec exec = { .record = record_of(FL_RECORD_EXEC, sizeof(exec), time_ns),
				      .target = target,
				      .comm = "new" };

	assert_int_equal(history_add(history, &exec.record), 0);
}

static bool near(double number, double expected)
{
	return fabs(number - expected) < 1e-6 * (1 + fabs(expected));
}

/* The end of a process whose peak the kernel knew. */
static void leave_high(uint32_t target, uint64_t peak)
{
	const struct fl_exit last = {
		.record = record_of(FL_RECORD_EXIT, sizeof(last), START + 3 * SECOND),
		.target = target,
		.peak_resident = peak,
	};

	assert_int_equal(history_add(history, &last.record), 0);
}

static void test_the_kernels_peak_is_the_peak(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START + 1, START + 1);
	leave_high(1, 70);
	join(FL_RECORD_TARGET, 2, 0, START + 1, START + 1);
	sample(2, START + SECOND, 100, 90);
	leave_high(2, 70);
	assert_int_equal(history->processes[0].peak_resident, 70);
	assert_false(history->processes[0].sampled);
	assert_int_equal(history->processes[1].peak_resident, 70);
	assert_true(history->processes[1].sampled);
}

static void test_a_peak_of_before_is_none_of_ours(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START - SECOND, START + 1);
	sample(1, START + SECOND, 100, 40);
	leave_high(1, 70);
	assert_int_equal(history->processes[0].peak_resident, 40);
	assert_true(history_knows_resident(&history->processes[0]));
}

/* Its last sample is of the copy of its parent that it was. */
static void test_a_peak_of_before_its_program_is_none(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START + 1, START + 1);
	sample(1, START + 2, 10, 20);
	execute(1, START + 3);
	assert_false(history_knows_resident(&history->processes[0]));
	leave(1, START + 4, 350);
	assert_false(history_knows_resident(&history->processes[0]));
	join(FL_RECORD_TARGET, 2, 0, START + 1, START + 1);
	sample(2, START + 2, 10, 20);
	execute(2, START + 3);
	sample(2, START + SECOND, 100, 15);
	assert_true(history_knows_resident(&history->processes[1]));
	assert_int_equal(history->processes[1].peak_resident, 20);
	join(FL_RECORD_TARGET, 3, 0, START + 1, START + 1);
	execute(3, START + 3);
	leave_high(3, 70);
	assert_true(history_knows_resident(&history->processes[2]));
}

/* It was there for long before: a name or a program that it took in the end changes nothing. */
static void test_a_peak_of_most_of_a_life_stays(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START + 1, START + 1);
	sample(1, START + 2, 10, 60);
	sample(1, START + SECOND, 10, 20);
	execute(1, START + 2 * SECOND);
	leave(1, START + 3 * SECOND, 350);
	assert_true(history_knows_resident(&history->processes[0]));
	assert_int_equal(history->processes[0].peak_resident, 60);
}

static void test_a_life_from_birth_to_end(void **state)
{
	const struct history_process *process;

	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START + 1, START + 1);
	execute(1, START + 2);
	sample(1, START + SECOND, 100, 50);
	sample(1, START + 2 * SECOND, 300, 40);
	leave(1, START + 3 * SECOND, 350);

	assert_int_equal(history->process_number, 1);
	process = &history->processes[0];
	assert_string_equal(process->first, "old");
	assert_string_equal(process->name, "new");
	assert_int_equal(process->end, HISTORY_EXITED);
	assert_int_equal(process->status, 0x100);
	assert_true(process->forked);
	assert_int_equal(process->number, 3);
	assert_int_equal(history_counts(process).minor, 350);
	assert_int_equal(process->peak_resident, 50);
	assert_int_equal(process->last.resident, 40);
	assert_int_equal(process->last_ns, START + 3 * SECOND);
	assert_int_equal(history->exec_number, 1);
	assert_int_equal(history->execs[0].process, 0);
	assert_int_equal(history->execs[0].time_ns, START + 2);
	assert_string_equal(history->execs[0].name, "new");

	history_forget(history, START + 2);
	assert_int_equal(history->exec_number, 1);
	history_forget(history, START + 3);
	assert_int_equal(history->exec_number, 0);
}

static void test_no_life_ends_before_it_begins(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START + SECOND, START + SECOND);
	leave(1, START + 1, 350);
	assert_int_equal(history->processes[0].end, HISTORY_EXITED);
	assert_int_equal(history->processes[0].last_ns, START + SECOND);
}

static void test_one_that_was_there_before_counts_from_its_first_sample(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 7, 0, START - SECOND, START);
	sample(7, START + SECOND, 1000, 5);
	sample(7, START + 2 * SECOND, 1010, 5);
	assert_false(history->processes[0].forked);
	assert_int_equal(history_counts(&history->processes[0]).minor, 10);
	assert_int_equal(history->processes[0].end, HISTORY_ALIVE);
}

static void test_children_know_their_parent(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, 9, START, START);
	join(FL_RECORD_FORK, 2, 1, START + 5, START + 5);
	join(FL_RECORD_FORK, 3, 77, START + 6, START + 6);
	assert_true(history->processes[0].parent == HISTORY_NONE);
	assert_int_equal(history->processes[1].parent, 0);
	assert_true(history->processes[2].parent == HISTORY_NONE);
}

static void test_many_targets_are_told_apart(void **state)
{
	(void)state;
	for (uint32_t target = 1; target <= 3000; target++)
		join(FL_RECORD_TARGET, target * 64, 0, START, START);
	for (uint32_t target = 1; target <= 3000; target++)
		sample(target * 64, START + SECOND, target, 1);
	for (uint32_t target = 1; target <= 3000; target++)
		assert_int_equal(history->processes[target - 1].last.minor, target);
}

static void test_who_left_has_totals_unless_it_was_denied(void **state)
{
	struct fl_left left = { .record = record_of(FL_RECORD_LEFT, sizeof(left), START + 9),
				.target = 1,
				.reason = FL_LEFT_CGROUP,
				.counts = { .minor = 44 } };

	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START, START);
	join(FL_RECORD_TARGET, 2, 0, START, START);
	sample(2, START + 5, 20, 1);
	assert_int_equal(history_add(history, &left.record), 0);
	left.target = 2;
	left.reason = FL_LEFT_DENIED;
	left.counts.minor = 0;
	assert_int_equal(history_add(history, &left.record), 0);
	assert_int_equal(history_counts(&history->processes[0]).minor, 44);
	assert_int_equal(history_counts(&history->processes[1]).minor, 20);
	assert_int_equal(history->processes[1].end, HISTORY_LEFT);
	assert_int_equal(history->processes[1].reason, FL_LEFT_DENIED);
}

static void test_gaps_and_strangers(void **state)
{
	const struct fl_missed missed = { .record = record_of(FL_RECORD_MISSED, sizeof(missed),
							      START + 3),
					  .deadlines = 4,
					  .shed = 5 };
	const struct fl_lost lost = { .record = record_of(FL_RECORD_LOST, sizeof(lost), START + 4),
				      .records = 6,
				      .unfollowed = 7 };
	const struct fl_record later = record_of(4711, sizeof(later), START + 5);

	(void)state;
	assert_int_equal(history_add(history, &missed.record), 0);
	assert_int_equal(history_add(history, &lost.record), 0);
	assert_int_equal(history_add(history, &later), 0);
	sample(99, START + 6, 1, 1);
	leave(99, START + 7, 1);
	assert_int_equal(history->process_number, 0);
	assert_int_equal(history->records, 5);
	assert_int_equal(history->gap_number, 2);
	assert_int_equal(history->gaps[0].segment, 0);
	assert_int_equal(history->gaps[0].missed, 4);
	assert_int_equal(history->gaps[0].shed, 5);
	assert_int_equal(history->gaps[1].lost, 6);
	assert_int_equal(history->gaps[1].unfollowed, 7);
}

static void test_rates_between_samples(void **state)
{
	struct history_rates rates;

	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START, START);
	sample(1, START + SECOND, 100, 10);
	sample(1, START + 3 * SECOND, 500, 20);
	leave(1, START + 4 * SECOND, 500);
	/* From its birth on, through samples, and beyond its end. */
	rates = history_between(&history->processes[0], START, START + SECOND);
	assert_true(near(rates.minor, 100));
	assert_true(near(rates.cpu, 100e3 / 1e9));
	assert_true(near(rates.resident, 10));
	rates = history_between(&history->processes[0], START + SECOND, START + 2 * SECOND);
	assert_true(near(rates.minor, 200));
	assert_true(near(rates.resident, 10));
	rates = history_between(&history->processes[0], START + 2 * SECOND, START + 6 * SECOND);
	assert_true(near(rates.minor, 50));
	assert_true(near(rates.resident, 0));
	rates = history_between(&history->processes[0], START - SECOND, START);
	assert_true(near(rates.minor, 0));
	rates = history_between(&history->processes[0], START + SECOND, START + SECOND);
	assert_true(near(rates.minor, 0));
}

static void test_forgetting_keeps_what_rates_need(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START, START);
	history_forget(history, START + SECOND); /* there is nothing yet */
	for (unsigned int i = 1; i <= 10; i++)
		sample(1, START + i * SECOND, 10ULL * i, 1);
	history_forget(history, START + 8 * SECOND);
	assert_int_equal(history->processes[0].number, 4);
	assert_int_equal(history->processes[0].points[0].counts.minor, 70);
	assert_true(near(history_between(&history->processes[0], START + 8 * SECOND,
					 START + 10 * SECOND)
				 .minor,
			 10));
	assert_int_equal(history_counts(&history->processes[0]).minor, 100);
	history_forget(history, START + 100 * SECOND);
	assert_int_equal(history->processes[0].number, 1);
}

static void test_segments_are_worlds_of_their_own(void **state)
{
	const struct faultline_segment second = { .size = sizeof(second),
						  .start_ns = START + 50 * SECOND };
	const struct faultline_end ended = { .size = sizeof(ended), .end_ns = START + 9 * SECOND };
	uint64_t from, to;

	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START, START);
	history_finish(history, &ended);
	assert_int_equal(history_begin(history, &second), 0);
	sample(1, START + 51 * SECOND, 10, 1);
	join(FL_RECORD_TARGET, 1, 0, START, START + 52 * SECOND);
	sample(1, START + 53 * SECOND, 10, 1);
	assert_int_equal(history->processes[0].number, 0);
	assert_int_equal(history->processes[1].number, 1);
	assert_int_equal(history->processes[1].segment, 1);
	assert_true(history->segments[0].ended);
	assert_false(history->segments[1].ended);
	history_span(history, 0, &from, &to);
	assert_true(from == START && to == START + 9 * SECOND);
	assert_string_equal(history->segments[0].head.node, "here");
	assert_string_equal(history->segments[1].head.node, "");
	assert_int_equal(history_begin(history, &second), 0);
	for (uint32_t segment = 0; segment < 3; segment++) {
		size_t first, behind;

		history_range(history, segment, &first, &behind);
		assert_int_equal(first, segment);
		assert_int_equal(behind, segment < 2 ? segment + 1 : segment);
	}
}

static void test_reads_a_recording_and_what_is_left_of_one(void **state)
{
	struct history *read;

	file_remove(state);
	file_write_small(0);
	assert_int_equal(history_read(file_path, NULL, &read), 0);
	assert_int_equal(read->segment_number, 1);
	assert_int_equal(read->records, 5);
	assert_int_equal(read->state.unfinished, 0);
	assert_true(read->segments[0].ended);
	history_free(read);

	assert_int_equal(truncate(file_path, file_load((unsigned char[FILE_MAX]){ 0 }) - 1), 0);
	assert_int_equal(history_read(file_path, NULL, &read), 0);
	assert_int_equal(read->records, 5);
	assert_int_equal(read->state.unfinished, 1);
	history_free(read);

	file_remove(state);
	assert_int_equal(history_read(file_path, NULL, &read), -ENOENT);
	assert_null(read);
}

static void test_the_buried_are_gone_and_the_rest_goes_on(void **state)
{
	(void)state;
	join(FL_RECORD_TARGET, 1, 0, START + 1, START + 1);
	join(FL_RECORD_FORK, 2, 1, START + 2, START + 2);
	join(FL_RECORD_FORK, 3, 2, START + 3, START + 3);
	join(FL_RECORD_FORK, 4, 3, START + 4, START + 4);
	execute(2, START + 5);
	execute(3, START + 6);
	leave(2, START + SECOND, 5);
	leave(4, START + 3 * SECOND, 5);
	history_bury(history, START + 2 * SECOND);

	assert_int_equal(history->process_number, 3);
	assert_int_equal(history->processes[1].target, 3);
	assert_int_equal(history->processes[1].parent, HISTORY_NONE);
	assert_int_equal(history->processes[2].target, 4);
	assert_int_equal(history->processes[2].parent, 1);
	assert_int_equal(history->exec_number, 1);
	assert_int_equal(history->execs[0].process, 1);
	assert_int_equal(history->execs[0].time_ns, START + 6);
	sample(3, START + 3 * SECOND, 77, 1);
	sample(2, START + 3 * SECOND, 99, 1);
	join(FL_RECORD_FORK, 5, 3, START + 5, START + 5);
	assert_int_equal(history->processes[1].last.minor, 77);
	assert_int_equal(history->process_number, 4);
	assert_int_equal(history->processes[3].parent, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_life_from_birth_to_end, begin, end),
		cmocka_unit_test_setup_teardown(test_no_life_ends_before_it_begins, begin, end),
		cmocka_unit_test_setup_teardown(test_the_kernels_peak_is_the_peak, begin, end),
		cmocka_unit_test_setup_teardown(test_a_peak_of_before_is_none_of_ours, begin, end),
		cmocka_unit_test_setup_teardown(test_a_peak_of_before_its_program_is_none, begin,
						end),
		cmocka_unit_test_setup_teardown(test_a_peak_of_most_of_a_life_stays, begin, end),
		cmocka_unit_test_setup_teardown(
			test_one_that_was_there_before_counts_from_its_first_sample, begin, end),
		cmocka_unit_test_setup_teardown(test_children_know_their_parent, begin, end),
		cmocka_unit_test_setup_teardown(test_many_targets_are_told_apart, begin, end),
		cmocka_unit_test_setup_teardown(test_who_left_has_totals_unless_it_was_denied,
						begin, end),
		cmocka_unit_test_setup_teardown(test_gaps_and_strangers, begin, end),
		cmocka_unit_test_setup_teardown(test_rates_between_samples, begin, end),
		cmocka_unit_test_setup_teardown(test_forgetting_keeps_what_rates_need, begin, end),
		cmocka_unit_test_setup_teardown(test_the_buried_are_gone_and_the_rest_goes_on,
						begin, end),
		cmocka_unit_test_setup_teardown(test_segments_are_worlds_of_their_own, begin, end),
		cmocka_unit_test(test_reads_a_recording_and_what_is_left_of_one),
	};

	return cmocka_run_group_tests_name("history", tests, file_make_folder, file_remove_folder);
}
