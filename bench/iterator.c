// SPDX-License-Identifier: MIT
/* Reads what the BPF program in iterator.bpf.c tells of all threads; takes the crowd's from it. */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iterator.h"
#include "method.h"
#include "report.h"

#define PROGRAM	     "build/bench/iterator.bpf.o"
#define PIDS	     (1 << 22)
#define READ_RECORDS 2048

static struct bpf_object *object;
static struct bpf_link *link_to_kernel;
static bool *wanted; /* by PID */

static void load(const struct crowd *crowd)
{
	struct bpf_program *program;

	libbpf_set_print(NULL);
	object = bpf_object__open_file(PROGRAM, NULL);
	if (!object)
		report_fail("%s: %s", PROGRAM, strerror(errno));
	if (bpf_object__load(object))
		report_fail("%s: the kernel does not take it: %s", PROGRAM, strerror(errno));
	program = bpf_object__next_program(object, NULL);
	link_to_kernel = bpf_program__attach_iter(program, NULL);
	if (!link_to_kernel)
		report_fail("no BPF iterator: %s", strerror(errno));
	wanted = calloc(PIDS, sizeof(*wanted));
	if (!wanted)
		report_fail("no memory");
	for (unsigned int number = 0; number < crowd->processes; number++)
		wanted[crowd->pids[number]] = true;
}

static void take_in(const struct iterator_record *record, struct totals *sum)
{
	if (!wanted[record->process])
		return;
	sum->minor += record->minor;
	sum->major += record->major;
	sum->cpu_ns += record->cpu_ns;
}

static void iterate(struct totals *sum)
{
	static struct iterator_record records[READ_RECORDS];
	int iterator = bpf_iter_create(bpf_link__fd(link_to_kernel));
	ssize_t length;

	if (iterator < 0)
		report_fail("no BPF iterator: %s", strerror(errno));
	while ((length = read(iterator, records, sizeof(records))) > 0) {
		for (size_t number = 0; number < length / sizeof(*records); number++)
			take_in(&records[number], sum);
	}
	if (length < 0)
		report_fail("the BPF iterator cannot be read: %s", strerror(errno));
	close(iterator);
}

static void unload(void)
{
	bpf_link__destroy(link_to_kernel);
	bpf_object__close(object);
	free(wanted);
}

const struct method method_iterator = { "iterator", load, NULL, iterate, unload };
