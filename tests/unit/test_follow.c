// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "command.h"
#include "follow.h"

static struct follow follow;
static sigset_t usual;

static int begin(void **state)
{
	(void)state;
	memset(&follow, 0, sizeof(follow));
	follow.options.plan.kind = FAULTLINE_SOURCE_PROC;
	follow.options.quiet = true;
	signal(SIGHUP, SIG_DFL); /* also under nohup */
	return sigprocmask(SIG_SETMASK, NULL, &usual);
}

static int end(void **state)
{
	(void)state;
	if (follow.child.pid && !follow.child.ended)
		child_kill(&follow.child, SIGKILL);
	if (follow.child.pid && follow.child.go < 0)
		child_reap(&follow.child);
	follow_close(&follow);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	return sigprocmask(SIG_SETMASK, &usual, NULL);
}

static error_t parse_verb(int key, char *text, struct argp_state *state)
{
	(void)text;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

/* 0, or the status that the program would exit with after a message. */
static int parse(char **argv)
{
	static const struct argp_child children[] = { { &follow_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp verb = { .parser = parse_verb, .children = children };
	int status;
	int argc = 0;
	pid_t pid;

	while (argv[argc])
		argc++;
	argp_err_exit_status = EXIT_USAGE;
	pid = fork();
	if (!pid) {
		close(STDERR_FILENO);
		open("/dev/null", O_WRONLY);
		argp_parse(&verb, argc, argv, ARGP_IN_ORDER, NULL, &follow.options);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!status)
		argp_parse(&verb, argc, argv, ARGP_IN_ORDER, NULL, &follow.options);
	return WEXITSTATUS(status);
}

#define PARSE(...) parse((char *[]){ "faultline verb", __VA_ARGS__, NULL })

static void is_target(size_t i, enum fl_target_kind kind, int number)
{
	assert_true(i < follow.options.number);
	assert_int_equal(follow.options.targets[i].kind, kind);
	assert_int_equal(follow.options.targets[i].number, number);
}

static void reads_whom_how_often_and_from_where(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-p", "12,34", "--tid=5", "--cgroup", "a/b", "-I", "500us",
			       "--source=perf", "--pid", "6", "--no-children"),
			 0);
	assert_int_equal(follow.options.number, 5);
	is_target(0, FL_TARGET_TREE, 12);
	is_target(1, FL_TARGET_TREE, 34);
	is_target(2, FL_TARGET_THREAD, 5);
	is_target(3, FL_TARGET_CGROUP, 0);
	assert_string_equal(follow.options.targets[3].cgroup, "a/b");
	is_target(4, FL_TARGET_TREE, 6);
	assert_true(follow.options.alone);
	assert_int_equal(follow.options.plan.period_ns, 500000);
	assert_int_equal(follow.options.plan.kind, FAULTLINE_SOURCE_PERF);
	assert_null(follow.options.command);
}

static void a_command_keeps_its_options(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-I", "1s", "ls", "-p", "x", "--", "-I"), 0);
	assert_int_equal(follow.options.number, 0);
	assert_string_equal(follow.options.command[0], "ls");
	assert_string_equal(follow.options.command[1], "-p");
	assert_string_equal(follow.options.command[4], "-I");
	assert_null(follow.options.command[5]);
	assert_int_equal(PARSE("--", "-p"), 0);
	assert_string_equal(follow.options.command[0], "-p");
	follow.options.command = NULL;
	assert_int_equal(PARSE("-p1"), 0);
	assert_null(follow.options.command);
}

static void refuses_nonsense(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-p", ""), EXIT_USAGE);
	assert_int_equal(PARSE("-p", ",1"), EXIT_USAGE);
	assert_int_equal(PARSE("-p", "1,,2"), EXIT_USAGE);
	assert_int_equal(PARSE("-p", "2147483648"), EXIT_USAGE);
	assert_int_equal(PARSE("-t", "0"), EXIT_USAGE);
	assert_int_equal(PARSE("-t", " 1"), EXIT_USAGE);
	assert_int_equal(PARSE("-I", "99us"), EXIT_USAGE);
	assert_int_equal(PARSE("-I", "10001"), EXIT_USAGE);
	assert_int_equal(PARSE("--source", "Module"), EXIT_USAGE);
	assert_int_equal(follow.options.number, 0);
}

static void no_more_targets_than_can_be(void **state)
{
	char *many = malloc(2 * FOLLOW_TARGETS_MAX + 2);

	(void)state;
	assert_non_null(many);
	memset(many, 0, 2 * FOLLOW_TARGETS_MAX + 2);
	for (size_t i = 0; i < FOLLOW_TARGETS_MAX; i++)
		memcpy(&many[2 * i], "1,", 2);
	*strchr(many, '\0') = '1';
	assert_int_equal(PARSE("-p", many), EXIT_USAGE);
	*strrchr(many, ',') = '\0';
	assert_int_equal(PARSE("-p", many), 0);
	assert_int_equal(follow.options.number, FOLLOW_TARGETS_MAX);
	free(many);
}

/* Run a command to its end; what its EXIT says, and how many others there were. */
static struct fl_exit run_to_its_end(char **command, unsigned int *others)
{
	struct fl_exit last = { .target = 0 };
	const struct fl_record *record;
	uint32_t first = 0;
	int found;

	*others = 0;
	follow.options.command = command;
	assert_int_equal(follow_open(&follow), 0);
	assert_int_equal(follow_start(&follow), 0);
	do {
		found = follow_wait(&follow, -1, 10000);
		assert_true(found > 0);
	} while (!(found & FOLLOW_ENDED));
	assert_int_equal(follow_end(&follow), 0);
	while (source_next(follow.source, &record) > 0) {
		if (record->type == FL_RECORD_TARGET)
			first = ((const struct fl_join *)(const void *)record)->target;
		if (record->type == FL_RECORD_FORK)
			++*others;
		if (record->type == FL_RECORD_EXIT &&
		    ((const struct fl_exit *)(const void *)record)->target == first)
			memcpy(&last, record, sizeof(last));
	}
	assert_int_equal(source_targets(follow.source), 0);
	return last;
}

/* It waits for nobody: all that wait4(2) has is its own. */
static void the_command_s_end_is_exact(void **state)
{
	char *command[] = { "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 9",
			    NULL };
	static const enum faultline_source kinds[] = { FAULTLINE_SOURCE_PROC,
						       FAULTLINE_SOURCE_PERF };
	struct fl_exit last;
	unsigned int others;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		follow.options.plan.kind = kinds[i];
		last = run_to_its_end(command, &others);
		assert_int_equal(last.record.type, FL_RECORD_EXIT);
		assert_int_equal(last.counts.minor, follow.child.usage.ru_minflt);
		assert_int_equal(last.counts.major, follow.child.usage.ru_majflt);
		assert_true(last.counts.minor > 0);
		assert_int_equal(WEXITSTATUS(last.status), 9);
		assert_int_equal(last.status, follow.child.status);
		assert_int_equal(others, 0);
		end(state);
		begin(state);
	}
}

static void what_cannot_run_has_its_status(void **state)
{
	(void)state;
	follow.options.command = (char *[]){ "/no/such/program", NULL };
	assert_int_equal(follow_open(&follow), 0);
	assert_int_equal(follow_start(&follow), EXIT_NOT_FOUND);
	end(state);
	begin(state);
	follow.options.command = (char *[]){ "/", NULL };
	assert_int_equal(follow_open(&follow), 0);
	assert_int_equal(follow_start(&follow), EXIT_CANNOT_RUN);
}

/* Follow a child that sleeps; its PID. */
static pid_t follow_sleeper(void)
{
	static struct follow_target *target;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	target = calloc(1, sizeof(*target));
	assert_non_null(target);
	*target = (struct follow_target){ FL_TARGET_TREE, pid, NULL };
	follow.options.targets = target;
	follow.options.number = 1;
	assert_int_equal(follow_open(&follow), 0);
	assert_int_equal(follow_start(&follow), 0);
	return pid;
}

static void without_a_command_a_signal_ends_it(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	pid_t pid;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		pid = follow_sleeper();
		assert_int_equal(follow_wait(&follow, -1, 0) & FOLLOW_ENDED, 0);
		kill(getpid(), signals[i]);
		assert_true(follow_wait(&follow, -1, 1000) & FOLLOW_ENDED);
		assert_int_equal(follow.caught, signals[i]);
		assert_int_equal(follow_end(&follow), 0);
		assert_int_equal(kill(pid, SIGKILL), 0); /* nobody passed it on */
		waitpid(pid, NULL, 0);
		end(state);
		begin(state);
	}
}

static void without_anybody_left_it_ends(void **state)
{
	pid_t pid = follow_sleeper();
	int found = 0;

	(void)state;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 100 && !(found & FOLLOW_ENDED); i++) {
		const struct fl_record *record;

		found = follow_wait(&follow, -1, 100);
		assert_true(found >= 0);
		while (source_next(follow.source, &record) > 0)
			;
	}
	assert_true(found & FOLLOW_ENDED);
	assert_int_equal(follow.caught, 0);
}

static void signals_are_passed_on_to_the_command(void **state)
{
	int found = 0;

	(void)state;
	follow.options.command = (char *[]){ "sleep", "100", NULL };
	assert_int_equal(follow_open(&follow), 0);
	assert_int_equal(follow_start(&follow), 0);
	kill(getpid(), SIGTERM);
	while (!(found & FOLLOW_ENDED)) {
		found = follow_wait(&follow, -1, 10000);
		assert_true(found >= 0);
	}
	assert_int_equal(follow.caught, 0);
	follow_end(&follow);
	assert_true(WIFSIGNALED(follow.child.status));
	assert_int_equal(WTERMSIG(follow.child.status), SIGTERM);
}

static void wakes_for_the_terminal_and_a_keyboard(void **state)
{
	pid_t pid = follow_sleeper();
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	follow.gather_ms = 20;
	kill(getpid(), SIGWINCH);
	assert_true(follow_wait(&follow, ends[0], 1000) & FOLLOW_RESIZED);
	follow.resized = false;
	assert_int_equal(write(ends[1], "q", 1), 1);
	assert_true(follow_wait(&follow, ends[0], 1000) & FOLLOW_OTHER);
	close(ends[0]);
	close(ends[1]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void time_runs_out_with_and_without_gathering(void **state)
{
	pid_t pid;

	(void)state;
	follow.options.plan.period_ns = FL_PERIOD_MAX_NS;
	pid = follow_sleeper();
	for (int ms = 0; ms < 60; ms += 20) {
		const struct fl_record *record;

		while (source_next(follow.source, &record) > 0)
			;
		follow.gather_ms = ms;
		assert_int_equal(follow_wait(&follow, -1, 30), 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Also if nobody is there: a user may have no process yet that top could follow. */
static void nobody_is_no_end_where_more_may_join(void **state)
{
	(void)state;
	follow.more_join = true;
	follow.options.plan.period_ns = FL_PERIOD_MAX_NS;
	assert_int_equal(follow_open(&follow), 0);
	assert_int_equal(follow_start(&follow), 0);
	for (int i = 0; i < 3; i++) {
		struct timespec before, after;

		clock_gettime(CLOCK_MONOTONIC, &before);
		assert_int_equal(follow_wait(&follow, -1, 30), 0);
		clock_gettime(CLOCK_MONOTONIC, &after);
		assert_true((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec -
				    before.tv_nsec >=
			    29000000);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_whom_how_often_and_from_where),
		TEST(a_command_keeps_its_options),
		TEST(refuses_nonsense),
		TEST(no_more_targets_than_can_be),
		TEST(the_command_s_end_is_exact),
		TEST(what_cannot_run_has_its_status),
		TEST(without_a_command_a_signal_ends_it),
		TEST(without_anybody_left_it_ends),
		TEST(signals_are_passed_on_to_the_command),
		TEST(wakes_for_the_terminal_and_a_keyboard),
		TEST(time_runs_out_with_and_without_gathering),
		TEST(nobody_is_no_end_where_more_may_join),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
