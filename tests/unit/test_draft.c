// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "draft.h"

static char folder[] = "/tmp/draft.XXXXXX";
static char path[64];

static int begin(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/draft.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/it", folder);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_old(mode_t mode)
{
	FILE *to = fopen(path, "w");

	assert_non_null(to);
	fputs("old", to);
	fclose(to);
	assert_int_equal(chmod(path, mode), 0);
}

static const char *content(void)
{
	static char text[16];
	FILE *from = fopen(path, "r");

	assert_non_null(from);
	assert_non_null(fgets(text, sizeof(text), from));
	fclose(from);
	return text;
}

static size_t files(void)
{
	DIR *all = opendir(folder);
	size_t number = 0;

	for (struct dirent *entry; (entry = readdir(all));)
		number += *entry->d_name != '.';
	closedir(all);
	return number;
}

static void test_takes_the_place_in_the_end(void **state)
{
	struct draft draft;
	struct stat file;

	(void)state;
	write_old(0640);
	assert_int_equal(draft_begin(&draft, path), 0);
	fputs("new", draft.to);
	assert_string_equal(content(), "old");
	assert_int_equal(draft_end(&draft, 0), 0);
	assert_string_equal(content(), "new");
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0640);
}

static void test_has_the_usual_mode_if_nothing_was_there(void **state)
{
	struct draft draft;
	struct stat file;
	mode_t mask = umask(027);

	(void)state;
	assert_int_equal(draft_begin(&draft, path), 0);
	assert_int_equal(draft_end(&draft, 0), 0);
	umask(mask);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0640);
}

static void test_is_gone_after_an_error(void **state)
{
	struct draft draft;

	(void)state;
	write_old(0644);
	assert_int_equal(draft_begin(&draft, path), 0);
	assert_int_equal(draft_end(&draft, -EIO), -EIO);
	assert_string_equal(content(), "old");
	assert_int_equal(files(), 1);
}

static void test_is_gone_after_a_signal(void **state)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };

	(void)state;
	write_old(0644);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct draft draft;
		pid_t pid = fork();
		int status;

		if (!pid) {
			signal(numbers[i], SIG_DFL);
			if (!draft_begin(&draft, path) && files() == 2)
				raise(numbers[i]);
			_exit(1);
		}
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), numbers[i]);
		assert_int_equal(files(), 1);
	}
	assert_string_equal(content(), "old");
}

static void test_a_signal_that_is_ignored_stays_so(void **state)
{
	struct draft draft;

	(void)state;
	signal(SIGHUP, SIG_IGN);
	assert_int_equal(draft_begin(&draft, path), 0);
	raise(SIGHUP);
	assert_int_equal(draft_end(&draft, 0), 0);
	signal(SIGHUP, SIG_DFL);
	assert_int_equal(files(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_the_place_in_the_end),
		TEST(has_the_usual_mode_if_nothing_was_there),
		TEST(is_gone_after_an_error),
		TEST(is_gone_after_a_signal),
		TEST(a_signal_that_is_ignored_stays_so),
	};

	return cmocka_run_group_tests_name("draft", tests, NULL, NULL);
}
