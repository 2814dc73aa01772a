// SPDX-License-Identifier: MIT
/*
 * taskstats over generic netlink: one request, one answer. Asked for a process, the kernel leaves
 * faults out; asked for a thread, it tells them.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "method.h"
#include "report.h"

#define ANSWER_BYTES 2048

struct request {
	struct nlmsghdr message;
	struct genlmsghdr generic;
	struct nlattr attribute;
	char value[16];
};

static int wire = -1;
static uint16_t family;
static pid_t *numbers; /* whom to ask for */
static unsigned int used;

static void ask(uint16_t type, uint8_t command, uint16_t attribute, const void *value, size_t bytes)
{
	struct request request = {
		.message = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST },
		.generic = { .cmd = command, .version = 1 },
		.attribute = { .nla_len = NLA_HDRLEN + bytes, .nla_type = attribute },
	};

	memcpy(request.value, value, bytes);
	request.message.nlmsg_len =
		offsetof(struct request, attribute) + NLA_ALIGN(request.attribute.nla_len);
	if (send(wire, &request, request.message.nlmsg_len, 0) < 0)
		report_fail("taskstats: %s", strerror(errno));
}

/* The attribute of that type among those in bytes of memory, or NULL. */
static const struct nlattr *find(const void *memory, size_t bytes, uint16_t type)
{
	const struct nlattr *attribute = memory;

	while (bytes >= NLA_HDRLEN && attribute->nla_len >= NLA_HDRLEN) {
		size_t step = NLA_ALIGN(attribute->nla_len);

		if ((attribute->nla_type & NLA_TYPE_MASK) == type)
			return attribute;
		if (step >= bytes)
			break;
		bytes -= step;
		attribute = (const struct nlattr *)((const char *)attribute + step);
	}
	return NULL;
}

static const void *inside(const struct nlattr *attribute)
{
	return (const char *)attribute + NLA_HDRLEN;
}

/* The attributes of the answer that comes next; their size into bytes. */
static const void *hear(char *answer, size_t *bytes)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)answer;
	ssize_t length = recv(wire, answer, ANSWER_BYTES, 0);

	if (length < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN) || message->nlmsg_type == NLMSG_ERROR)
		report_fail("taskstats: no answer: is it in this kernel?");
	*bytes = length - NLMSG_HDRLEN - GENL_HDRLEN;
	return answer + NLMSG_HDRLEN + GENL_HDRLEN;
}

static void connect_to_kernel(void)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	const struct nlattr *id;
	const void *attributes;
	size_t bytes;

	wire = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (wire < 0)
		report_fail("netlink: %s", strerror(errno));
	ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME,
	    sizeof(TASKSTATS_GENL_NAME));
	attributes = hear(answer, &bytes);
	id = find(attributes, bytes, CTRL_ATTR_FAMILY_ID);
	if (!id)
		report_fail("taskstats: not in this kernel");
	memcpy(&family, inside(id), sizeof(family));
}

static void sample(uint16_t request, uint16_t aggregate, pid_t number, struct totals *sum)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	const struct nlattr *outer, *inner = NULL;
	const struct taskstats *stats;
	const void *attributes;
	size_t bytes;

	ask(family, TASKSTATS_CMD_GET, request, &number, sizeof(number));
	attributes = hear(answer, &bytes);
	outer = find(attributes, bytes, aggregate);
	if (outer)
		inner = find(inside(outer), outer->nla_len - NLA_HDRLEN, TASKSTATS_TYPE_STATS);
	if (!inner)
		report_fail("taskstats: an answer without figures");
	stats = inside(inner);
	sum->minor += stats->ac_minflt;
	sum->major += stats->ac_majflt;
	sum->cpu_ns += (stats->ac_utime + stats->ac_stime) * 1000;
}

static void note_threads(pid_t process)
{
	char path[32];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", process);
	folder = opendir(path);
	if (!folder)
		report_fail("%s: %s", path, strerror(errno));
	for (entry = readdir(folder); entry; entry = readdir(folder)) {
		if (entry->d_name[0] != '.')
			numbers[used++] = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	closedir(folder);
}

static void open_for(const struct crowd *crowd, unsigned int each)
{
	connect_to_kernel();
	used = 0;
	numbers = calloc((size_t)crowd->processes * each, sizeof(*numbers));
	if (!numbers)
		report_fail("no memory");
	for (unsigned int number = 0; number < crowd->processes; number++) {
		if (each > 1)
			note_threads(crowd->pids[number]);
		else
			numbers[used++] = crowd->pids[number];
	}
}

static void open_threads(const struct crowd *crowd)
{
	open_for(crowd, crowd->threads);
}

static void open_processes(const struct crowd *crowd)
{
	open_for(crowd, 1);
}

static void sample_threads(struct totals *sum)
{
	for (unsigned int number = 0; number < used; number++)
		sample(TASKSTATS_CMD_ATTR_PID, TASKSTATS_TYPE_AGGR_PID, numbers[number], sum);
}

static void sample_processes(struct totals *sum)
{
	for (unsigned int number = 0; number < used; number++)
		sample(TASKSTATS_CMD_ATTR_TGID, TASKSTATS_TYPE_AGGR_TGID, numbers[number], sum);
}

static void hang_up(void)
{
	close(wire);
	free(numbers);
}

const struct method method_taskstats = { "taskstats", open_threads, NULL, sample_threads, hang_up };
const struct method method_taskstats_process = { "taskstats-process", open_processes, NULL,
						 sample_processes, hang_up };
