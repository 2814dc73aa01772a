// SPDX-License-Identifier: MIT
#include "draft.h"

#include <errno.h>
#include <fcntl.h>
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

/* A new file. Its mode is what open(2) would give it. */
static FILE *open_temporary(char *path)
{
	mode_t mask = umask(0);
	int fd = mkostemp(path, O_CLOEXEC);
	FILE *to;

	umask(mask);
	if (fd < 0)
		return NULL;
	to = fchmod(fd, 0666 & ~mask) ? NULL : fdopen(fd, "w");
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
	draft->to = open_temporary(draft->path);
	if (draft->to)
		return 0;
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
	free(draft->path);
	return error;
}
