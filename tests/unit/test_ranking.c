// SPDX-License-Identifier: MIT
#include <errno.h>
#include <signal.h>

#include "clean.h"
#include "fate.h"
#include "made_history.h"
#include "ranking.h"

/* 1 has 2 and 4, 2 has 3; 5 stands alone. */
static void family(void)
{
	made_join(1, 0, 0, "one");
	made_join(2, 1, 1, "two");
	made_join(3, 2, 2, "three");
	made_join(4, 1, 3, "four");
	made_join(5, 0, 4, "five");
	made_exit(1, 10, 0, (struct fl_counts){ .minor = 10, .cpu_ns = 1, .voluntary = 9 });
	made_sample(2, 5, (struct fl_counts){ .resident = 4 });
	made_exit(2, 11, 0, (struct fl_counts){ .minor = 20, .cpu_ns = 5 });
	made_sample(3, 5, (struct fl_counts){ .swapped = 4 });
	made_exit(3, 20, 0, (struct fl_counts){ .minor = 30, .cpu_ns = 3 });
	made_exit(4, 4, 0, (struct fl_counts){ .major = 40, .cpu_ns = 4 });
	made_exit(5, 6, 0, (struct fl_counts){ .minor = 20, .major = 1, .cpu_ns = 2 });
}

static void assert_order(enum ranking_key key, const char *expected)
{
	struct ranking ranking;
	char order[16] = "";

	assert_int_equal(ranking_make(made, 0, key, &ranking), 0);
	for (size_t i = 0; i < ranking.number; i++)
		order[i] = (char)('1' + ranking.processes[i]);
	ranking_free(&ranking);
	assert_string_equal(order, expected);
}

static void test_orders(void **state)
{
	(void)state;
	family();
	assert_order(RANKING_FAULTS, "43521");
	assert_order(RANKING_MINOR, "32514");
	assert_order(RANKING_MAJOR, "45123");
	assert_order(RANKING_CPU, "24351");
	assert_order(RANKING_RESIDENT, "21345");
	assert_order(RANKING_SWAPPED, "31245");
	assert_order(RANKING_SWITCHES, "12345");
	assert_order(RANKING_LIFE, "31254");
	assert_order(RANKING_BIRTH, "12345");
}

static void test_keys(void **state)
{
	(void)state;
	assert_int_equal(ranking_key("faults"), RANKING_FAULTS);
	assert_int_equal(ranking_key("birth"), RANKING_BIRTH);
	assert_int_equal(ranking_key("fault"), -EINVAL);
	assert_int_equal(ranking_key(""), -EINVAL);
}

/* The tree as its processes, levels and whether a sibling follows. */
static void assert_tree(size_t first, const char *expected)
{
	struct ranking ranking;
	struct ranking tree;
	char shape[64] = "";

	assert_int_equal(ranking_make(made, 0, RANKING_FAULTS, &ranking), 0);
	assert_int_equal(ranking_tree(made, &ranking, first, &tree), 0);
	for (size_t i = 0; i < tree.number; i++)
		sprintf(shape + strlen(shape), "%u/%u%s ", tree.processes[i] + 1, tree.levels[i],
			tree.more[i] ? "+" : "");
	ranking_free(&tree);
	ranking_free(&ranking);
	assert_string_equal(shape, expected);
}

static void test_trees(void **state)
{
	(void)state;
	family();
	assert_tree(SIZE_MAX, "1/0+ 2/1+ 3/2 4/1 5/0 ");
	assert_tree(1, "1/0 4/1 ");
	assert_tree(2, "1/0 2/1+ 3/2 4/1 ");
	assert_tree(0, "");
}

static void test_a_tree_may_be_very_deep(void **state)
{
	struct ranking ranking;
	struct ranking tree;

	(void)state;
	made_join(1, 0, 0, "root");
	for (uint32_t target = 2; target <= 100000; target++)
		made_join(target, target - 1, target, "link");
	assert_int_equal(ranking_make(made, 0, RANKING_BIRTH, &ranking), 0);
	assert_int_equal(ranking_tree(made, &ranking, SIZE_MAX, &tree), 0);
	assert_int_equal(tree.number, 100000);
	assert_int_equal(tree.levels[99999], RANKING_LEVELS);
	ranking_free(&tree);
	ranking_free(&ranking);
}

static void assert_fate(enum history_end end, int status, enum fl_left_reason reason,
			const char *expected)
{
	const struct history_process process = { .end = end, .status = status, .reason = reason };
	char text[FATE_BYTES];

	assert_string_equal(fate(text, &process), expected);
}

static void test_fates(void **state)
{
	(void)state;
	assert_fate(HISTORY_ALIVE, 0, 0, "alive");
	assert_fate(HISTORY_EXITED, 0, 0, "exit 0");
	assert_fate(HISTORY_EXITED, 3 << 8, 0, "exit 3");
	assert_fate(HISTORY_EXITED, SIGSEGV | 0x80, 0, "SIGSEGV");
	assert_fate(HISTORY_EXITED, 40, 0, "signal 40");
	assert_fate(HISTORY_LEFT, 0, FL_LEFT_DENIED, "denied");
	assert_fate(HISTORY_LEFT, 0, FL_LEFT_CGROUP, "left cgroup");
	assert_fate(HISTORY_LEFT, 0, FL_LEFT_REMOVED, "removed");
	assert_fate(HISTORY_LEFT, 0, 99, "left");
}

static void assert_clean(const char *from, size_t size, const char *expected)
{
	char text[64];

	assert_string_equal(clean(text, size, from), expected);
}

static void test_clean_names(void **state)
{
	char text[] = "naïve €";

	(void)state;
	assert_clean("plain ~", 64, "plain ~");
	assert_clean("naïve € 😀", 64, "naïve € 😀");
	assert_clean("a\nb\tc\033[0m\177", 64, "a?b?c?[0m?");
	assert_clean("\xff\xc3", 64, "??");
	assert_clean("\xc0\xaf\xe0\x80\x80", 64, "?????");
	assert_clean("\xed\xa0\x80", 64, "???");
	assert_clean("\xf4\x90\x80\x80", 64, "????");
	assert_clean("\xc2\x9b", 64, "?");
	assert_clean("a\u202eb\u2066c\u2069\u2028", 64, "a?b?c??");
	assert_clean("\u2027\u202f\u2065\u206a", 64, "\u2027\u202f\u2065\u206a");
	assert_clean("abc", 3, "ab");
	assert_clean("aé", 3, "a");
	assert_clean("abc", 1, "");
	clean_ascii(text);
	assert_string_equal(text, "na?ve ?");
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, made_new, made_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(orders), TEST(keys),	 TEST(trees), TEST(a_tree_may_be_very_deep),
		TEST(fates),  TEST(clean_names),
	};

	return cmocka_run_group_tests_name("ranking", tests, NULL, NULL);
}
