// SPDX-License-Identifier: MIT
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNALLED 128 /* what a shell adds to the number of a signal that was died of */

static void close_end(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

/* In the child: wait for a byte, then become the command. Its descriptors close at exec. */
static _Noreturn void become(int go, int trouble, char *const *argv)
{
	char byte;
	int error;

	if (TEMP_FAILURE_RETRY(read(go, &byte, 1)) != 1)
		_exit(SIGNALLED); /* the caller is gone: nobody asks for the status */
	execvp(argv[0], argv);
	error = errno;
	if (TEMP_FAILURE_RETRY(write(trouble, &error, sizeof(error))) < 0)
		_exit(SIGNALLED + 1);
	_exit(SIGNALLED);
}

static int fork_it(struct child *child, int go, int trouble, char *const *argv)
{
	child->pid = fork();
	if (child->pid < 0) {
		child->pid = 0;
		return -errno;
	}
	if (!child->pid) {
		close(child->go); /* else it would never see the end of its own pipe */
		become(go, trouble, argv);
	}
	child->fd = pidfd_open(child->pid, 0);
	return child->fd < 0 ? -errno : 0;
}

int child_prepare(struct child *child, char *const *argv)
{
	int go[2];
	int trouble[2];
	int error;

	*child = (struct child){ .fd = -1, .go = -1, .trouble = -1 };
	/* Not a pipe: to write to one that was killed meanwhile must not kill the caller. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go))
		return -errno;
	child->go = go[1];
	if (pipe2(trouble, O_CLOEXEC)) {
		error = -errno;
		close(go[0]);
		goto close;
	}
	child->trouble = trouble[0];
	error = fork_it(child, go[0], trouble[1], argv);
	close(go[0]);
	close(trouble[1]);
	if (error)
		goto close;
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	/* Ignored, it would leave no status. It cannot come yet. */
	signal(SIGCHLD, SIG_DFL);
	return 0;
close:
	child_close(child);
	return error;
}

int child_go(struct child *child)
{
	ssize_t got;
	int error;

	send(child->go, "", 1, MSG_NOSIGNAL);
	close_end(&child->go);
	got = TEMP_FAILURE_RETRY(read(child->trouble, &error, sizeof(error)));
	close_end(&child->trouble);
	if (got != sizeof(error))
		return 0;
	child_reap(child);
	return -error;
}

bool child_peek(struct child *child)
{
	struct pollfd end = { .fd = child->fd, .events = POLLIN };

	return child->ended || (child->pid && poll(&end, 1, 0) > 0);
}

int child_reap(struct child *child)
{
	if (child->ended)
		return 0;
	if (TEMP_FAILURE_RETRY(wait4(child->pid, &child->status, 0, &child->usage)) < 0)
		return -errno;
	child->ended = true;
	return 0;
}

void child_kill(struct child *child, int signal)
{
	if (child->pid && !child->ended)
		kill(child->pid, signal);
}

void child_close(struct child *child)
{
	if (child->pid && !child->ended && child->go >= 0) {
		child_kill(child, SIGKILL);
		child_reap(child);
	}
	if (child->pid || child->go > 0) {
		close_end(&child->fd);
		close_end(&child->go);
		close_end(&child->trouble);
	}
	child->pid = 0;
}

int child_end_as(const struct child *child)
{
	sigset_t one;
	int number;

	if (!WIFSIGNALED(child->status))
		return WEXITSTATUS(child->status);
	number = WTERMSIG(child->status);
	/* No limit on cores keeps one from a program that the kernel pipes them to. */
	prctl(PR_SET_DUMPABLE, 0);
	signal(number, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	return SIGNALLED + number; /* what does not kill by itself, or the first process of all */
}
