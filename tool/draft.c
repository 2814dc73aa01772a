// SPDX-License-Identifier: MIT
#include "draft.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "say.h"

int draft_check(const char *path, const char *recording_path, const char *what)
{
	struct stat file;

	if (stat(path, &file))
		return 0;
	if (!S_ISREG(file.st_mode)) {
		say("%s is no regular file: give the %s another name", path, what);
		return -EINVAL;
	}
	if (files_same(path, recording_path)) {
		say("%s is the recording itself: give the %s another name", path, what);
		return -EINVAL;
	}
	return 0;
}

static char *volatile begun; /* the path of one; NULL: there is none */

static void remove_begun(int number)
{
	if (begun)
		unlink(begun);
	signal(number, SIG_DFL);
	raise(number);
}

static void remove_if_killed(char *path)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	const struct sigaction ours = { .sa_handler = remove_begun };
	struct sigaction now;

	begun = path;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!sigaction(numbers[i], NULL, &now) && now.sa_handler == SIG_DFL)
			sigaction(numbers[i], &ours, NULL);
	}
}

/* What the old file has, its owner where that is permitted; else what open(2) would give it. */
static int take_over(int fd, const char *old_path)
{
	mode_t mask = umask(0);
	struct stat old;

	umask(mask);
	if (stat(old_path, &old))
		return fchmod(fd, 0666 & ~mask);
	if (fchown(fd, old.st_uid, old.st_gid) && errno != EPERM)
		return -1;
	return fchmod(fd, old.st_mode & 0777);
}

static FILE *open_temporary(char *path, const char *old_path)
{
	int fd = mkostemp(path, O_CLOEXEC);
	FILE *to;

	if (fd < 0)
		return NULL;
	to = take_over(fd, old_path) ? NULL : fdopen(fd, "w");
	if (!to) {
		close(fd);
		unlink(path);
	}
	return to;
}

int draft_begin(struct draft *draft, const char *path)
{
	int error;

	*draft = (struct draft){ .final_path = path };
	if (asprintf(&draft->path, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	errno = 0;
	draft->to = open_temporary(draft->path, path);
	if (draft->to) {
		remove_if_killed(draft->path);
		return 0;
	}
	error = errno ? -errno : -EIO;
	free(draft->path);
	return error;
}

int draft_end(struct draft *draft, int error)
{
	if (!error && (fflush(draft->to) || ferror(draft->to)))
		error = errno ? -errno : -EIO;
	if (fclose(draft->to) && !error)
		error = -errno;
	if (!error && rename(draft->path, draft->final_path))
		error = -errno;
	if (error)
		unlink(draft->path);
	begun = NULL;
	free(draft->path);
	return error;
}
