// SPDX-License-Identifier: MIT
/*
 * Hostile writes to the proc file by ordinary users: commands by the grammar, mutated ones, noise,
 * from memory that ends too early, by every call there is. Each answer is compared with what the
 * contract in faultline_classic.h says, told here a second time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "faultline_classic.h"

#define MEMBERS	   2
#define FIRST_USER 40000
#define TARGETS	   6
#define PAGE	   4096UL
#define ROOM	   (16 * PAGE)
#define PIECES	   4
#define FOREIGN	   1 /* an answer: ESRCH or EPERM, as others' processes come and go */

enum count {
	INPUTS,
	COMMANDS,
	REFUSED,
	FAULTS,
	LISTS,
};

static const char *const names[] = { "inputs", "commands", "refused", "faults", "lists", NULL };

/* A process that this user may register; the first is the writer itself. */
struct target {
	pid_t pid;
	bool registered, dead;
};

static struct target targets[TARGETS];
static struct dice *dice;
static struct crew_member *me;
static char *room; /* ROOM bytes; behind them nothing is mapped */
static int status;
static uint64_t least;

/* The text of the input at hand; in a message it must stand on one line. */
static void fail(const char *what, const char *text, size_t len, long got, long wanted)
{
	char shown[256];
	size_t at = 0;

	for (size_t i = 0; i < len && at < sizeof(shown) - 5; i++)
		at += text[i] > ' ' && text[i] < 127 && text[i] != '\\'
			      ? sprintf(shown + at, "%c", text[i])
			      : sprintf(shown + at, "\\%03o", (unsigned char)text[i]);
	shown[at] = 0;
	crew_fail("%s of %zu bytes '%s' gave %ld, not %ld", what, len, shown, got, wanted);
}

static struct target *find(long pid)
{
	for (struct target *target = targets; target < targets + TARGETS; target++)
		if (target->pid == pid)
			return target;
	return NULL;
}

/* Returns 0, -errno or FOREIGN. */
static long expect_command(char verb, long pid)
{
	struct target *target = find(pid);

	if (!target)
		return pid ? FOREIGN : -ESRCH;
	if (verb == REGISTER) {
		if (target->registered)
			return -EEXIST;
		if (target->dead)
			return -ESRCH;
	} else if (!target->registered) {
		return -ENOENT;
	}
	target->registered = verb == REGISTER;
	crew_count(me, COMMANDS, 1);
	return 0;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One line without blanks around it. */
static long expect_line(const char *text, size_t len)
{
	size_t at = 1;
	long pid = 0;

	if (text[0] != REGISTER && text[0] != UNREGISTER)
		return -EINVAL;
	while (at < len && blank(text[at]))
		at++;
	if (at == 1 || at == len)
		return -EINVAL;
	for (; at < len; at++) {
		if (text[at] < '0' || text[at] > '9')
			return -EINVAL;
		pid = pid * 10 + text[at] - '0';
		if (pid > INT32_MAX)
			return -EINVAL;
	}
	return expect_command(text[0], pid);
}

/* What write(2) returns for a text; FOREIGN if that is one of the two errors. */
static long expect_write(const char *text, size_t len)
{
	size_t done = 0, next;
	long answer;

	if (!len)
		return 0;
	if (len > FL_CLASSIC_WRITE_MAX)
		return -EINVAL;
	for (size_t at = 0; at < len; at = next) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline ? (size_t)(newline - text) : len;

		next = newline ? end + 1 : len;
		answer = -EINVAL;
		if (end - at <= FL_CLASSIC_LINE_MAX) {
			while (at < end && blank(text[at]))
				at++;
			while (end > at && blank(text[end - 1]))
				end--;
			if (at == end)
				continue;
			answer = expect_line(text + at, end - at);
		}
		if (answer)
			return done ? (long)done : answer;
		done = next;
	}
	return done ? (long)len : -EINVAL;
}

static void compare(const char *what, const char *text, size_t len, long got, long wanted)
{
	if (got < 0)
		got = -errno;
	if (wanted == FOREIGN ? got != -ESRCH && got != -EPERM : got != wanted)
		fail(what, text, len, got, wanted);
	crew_count(me, INPUTS, 1);
	crew_count(me, REFUSED, got < 0);
	crew_count(me, FAULTS, got == -EFAULT);
}

static size_t put_blanks(char *at)
{
	static const char blanks[] = "  \t\r";
	size_t len = dice_one_in(dice, 4) ? dice_up_to(dice, 70) : 0;
	uint64_t bits = dice_bits(dice);

	for (size_t i = 0; i < len; i++)
		at[i] = blanks[(bits >> i % 32 * 2) & 3];
	return len;
}

static long some_number(void)
{
	switch (dice_below(dice, 8)) {
	case 0:
		return dice_up_to(dice, UINT64_MAX);
	case 1:
		return INT32_MAX - 2L + dice_below(dice, 5);
	case 2:
		return dice_below(dice, 1 << 15);
	default:
		return targets[dice_below(dice, TARGETS)].pid;
	}
}

static size_t put_line(char *at)
{
	char *start = at;

	at += put_blanks(at);
	if (!dice_one_in(dice, 12)) {
		*at++ = dice_one_in(dice, 2) ? 'R' : 'U';
		*at++ = ' ';
		at += put_blanks(at);
		at += sprintf(at, dice_one_in(dice, 20) ? "%032ld" : "%ld", some_number());
		at += put_blanks(at);
	}
	*at++ = '\n';
	return at - start;
}

static size_t put_text(char *at, size_t max)
{
	size_t lines = 1 + dice_up_to(dice, dice_one_in(dice, 200) ? 400 : 5), len = 0;

	while (lines-- && len + 300 < max)
		len += put_line(at + len);
	/* The last line may do without its newline. */
	return dice_one_in(dice, 2) ? len : len - 1;
}

static size_t mutate(char *text, size_t len)
{
	for (unsigned int times = 1 + dice_below(dice, 4); times && len; times--) {
		size_t at = dice_below(dice, len);

		switch (dice_below(dice, 4)) {
		case 0:
			text[at] ^= 1 << dice_below(dice, 8);
			break;
		case 1:
			text[at] = "RU 0123456789\n\t\r-+xZ"[dice_below(dice, 20)];
			break;
		case 2:
			memmove(text + at, text + at + 1, len - at - 1);
			len--;
			break;
		default:
			memmove(text + at + 1, text + at, len - at);
			len++;
		}
	}
	return len;
}

/* Makes an input of less than ROOM / 2 bytes. */
static size_t put_input(char *at)
{
	uint64_t noise;
	size_t len;

	switch (dice_below(dice, 8)) {
	case 0:
		len = dice_up_to(dice, dice_one_in(dice, 50) ? ROOM / 2 - 1 : 200);
		for (size_t i = 0; i < len; i += sizeof(noise)) {
			noise = dice_bits(dice);
			memcpy(at + i, &noise, sizeof(noise));
		}
		return len;
	case 1:
		len = put_text(at, ROOM / 4);
		/* Up to the longest write and over. */
		while (len < FL_CLASSIC_WRITE_MAX - 8 && dice_one_in(dice, 20))
			len += put_text(at + len, ROOM / 4);
		if (dice_one_in(dice, 20)) {
			size_t wanted = FL_CLASSIC_WRITE_MAX - 3 + dice_below(dice, 6);

			if (len < wanted) {
				memset(at + len, dice_one_in(dice, 2) ? '\n' : ' ', wanted - len);
				len = wanted;
			}
		}
		return len;
	case 2:
	case 3:
		return mutate(at, put_text(at, ROOM / 4));
	default:
		return put_text(at, ROOM / 4);
	}
}

/* Moves the text to the end of what is mapped, and with a part of it over that end. */
static void write_over_the_end(size_t len)
{
	size_t over = 1 + dice_up_to(dice, 2 * PAGE);
	char *at = room + ROOM - len;

	memmove(at, room, len);
	compare("write", at, len, write(status, at, len), expect_write(at, len));
	compare("write over the end", at, 0, write(status, at, len + over),
		len + over > FL_CLASSIC_WRITE_MAX ? -EINVAL : -EFAULT);
}

static void write_from_nowhere(void)
{
	long got = write(status, (void *)dice_bits(dice), 1 + dice_up_to(dice, 100));

	/* It may have hit something readable, in theory: then it was no command of ours. */
	compare("write from nowhere", "", 0, got, errno == EINVAL ? -EINVAL : -EFAULT);
}

static void write_pieces(size_t len)
{
	struct iovec pieces[PIECES];
	size_t at = 0;
	long wanted = 0, answer;

	for (int i = 0; i < PIECES; i++) {
		size_t piece = i == PIECES - 1 ? len - at : dice_below(dice, len - at + 1);

		pieces[i] = (struct iovec){ room + at, piece };
		at += piece;
	}
	/* Each piece is a write of its own; the first that is not taken whole ends the call. */
	for (int i = 0; i < PIECES; i++) {
		answer = expect_write(pieces[i].iov_base, pieces[i].iov_len);
		if (answer < 0 || answer == FOREIGN) {
			wanted = wanted ? wanted : answer;
			break;
		}
		wanted += answer;
		if ((size_t)answer != pieces[i].iov_len)
			break;
	}
	compare("writev", room, len, writev(status, pieces, PIECES), wanted);
}

/* None of these writes to the file. */
static void write_otherwise(size_t len)
{
	loff_t at = dice_bits(dice);
	int ends[2];

	switch (dice_below(dice, 3)) {
	case 0:
		compare("pwrite", room, len, pwrite(status, room, len, at),
			at < 0 ? -EINVAL : -ESPIPE);
		break;
	case 1:
		if (len > PAGE || !len || pipe(ends))
			break;
		if (write(ends[1], room, len) != (ssize_t)len)
			crew_fail("a pipe does not take %zu bytes", len);
		compare("splice", room, len, splice(ends[0], NULL, status, NULL, len, 0), -EINVAL);
		close(ends[0]);
		close(ends[1]);
		break;
	default:
		lseek(status, at, dice_below(dice, 5));
		compare("write after lseek", room, len, write(status, room, len),
			expect_write(room, len));
	}
}

static void write_input(size_t len)
{
	switch (dice_below(dice, 12)) {
	case 0:
		write_over_the_end(len);
		break;
	case 1:
		write_pieces(len);
		break;
	case 2:
		write_otherwise(len);
		break;
	case 3:
		write_from_nowhere();
		break;
	default:
		compare("write", room, len, write(status, room, len), expect_write(room, len));
	}
}

/* The list must name exactly those of our processes that are registered. */
static bool listed(pid_t wanted)
{
	static char list[1 << 16];
	ssize_t got, len = 0;

	do {
		got = pread(status, list + len, 1 + dice_below(dice, sizeof(list) - len - 1), len);
		if (got < 0)
			crew_fail("the list: %s", strerror(errno));
		len += got;
	} while (got > 0);
	list[len] = 0;
	for (char *line = strtok(list, "\n"); line; line = strtok(NULL, "\n"))
		if (strtol(line, NULL, 10) == wanted)
			return true;
	return false;
}

static void check_list(void)
{
	for (struct target *target = targets; target < targets + TARGETS; target++)
		if (listed(target->pid) != target->registered)
			crew_fail("%d is %slisted", target->pid, target->registered ? "not " : "");
	crew_count(me, LISTS, 1);
}

static void bear(struct target *target)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (pid < 0)
		crew_fail("fork: %s", strerror(errno));
	*target = (struct target){ .pid = pid };
}

/* A target dies, stays a zombie for a while, and makes room for a new one. */
static void bury(struct target *target)
{
	siginfo_t info;

	if (target->dead) {
		waitpid(target->pid, NULL, 0);
		bear(target);
		return;
	}
	kill(target->pid, SIGKILL);
	if (waitid(P_PID, target->pid, &info, WEXITED | WNOWAIT))
		crew_fail("waitid: %s", strerror(errno));
	for (int tries = 0; listed(target->pid); tries++) {
		if (tries > 2000)
			crew_fail("%d is dead and stays listed", target->pid);
		usleep(10000);
	}
	target->registered = false;
	target->dead = true;
}

static void reopen(void)
{
	static const int flags[] = { 0, O_APPEND, O_TRUNC, O_NONBLOCK, O_SYNC, O_CREAT, O_NOCTTY };

	close(status);
	status = open(FL_CLASSIC_STATUS, O_RDWR | flags[dice_below(dice, 7)], 0600);
	if (status < 0)
		crew_fail("the file does not open: %s", strerror(errno));
}

static void become(uid_t user)
{
	if (setgroups(0, NULL) || setresgid(user, user, user) || setresuid(user, user, user))
		crew_fail("cannot become user %u: %s", user, strerror(errno));
	/* Otherwise only root might register our children. */
	prctl(PR_SET_DUMPABLE, 1);
}

static void work(struct crew_member *member)
{
	unsigned long inputs = 0;

	me = member;
	dice = &member->dice;
	become(FIRST_USER + member->number);
	room = mmap(NULL, ROOM + 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	if (room == MAP_FAILED || mprotect(room + ROOM, 4 * PAGE, PROT_NONE))
		crew_fail("no memory");
	targets[0].pid = getpid();
	for (int i = 1; i < TARGETS; i++)
		bear(&targets[i]);
	status = crew_open_status();
	for (; crew_goes_on(member) || inputs < least / MEMBERS; inputs++) {
		write_input(put_input(room));
		if (dice_one_in(dice, 5000))
			check_list();
		if (dice_one_in(dice, 20000))
			bury(&targets[1 + dice_below(dice, TARGETS - 1)]);
		if (dice_one_in(dice, 500))
			reopen();
	}
	check_list();
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: writer SEED MILLISECONDS INPUTS\n");
		return 2;
	}
	least = crew_number(argv[3]);
	return crew_run(MEMBERS, crew_number(argv[1]), crew_number(argv[2]), names, work);
}
