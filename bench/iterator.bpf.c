// SPDX-License-Identifier: MIT
/*
 * A BPF task iterator: one record of a few counters for each thread of the machine. The structs are
 * the kernel's, but only with what is read here: the loader finds the places by their names.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "iterator.h"

#define OF_THE_KERNEL __attribute__((preserve_access_index))

struct sched_entity {
	unsigned long long sum_exec_runtime;
} OF_THE_KERNEL;

struct signal_struct {
	unsigned long min_flt;
	unsigned long maj_flt;
	unsigned long long sum_sched_runtime;
} OF_THE_KERNEL;

struct task_struct {
	int pid;
	int tgid;
	unsigned long min_flt;
	unsigned long maj_flt;
	struct sched_entity se;
	struct signal_struct *signal;
} OF_THE_KERNEL;

struct bpf_iter_meta {
	struct seq_file *seq;
} OF_THE_KERNEL;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} OF_THE_KERNEL;

SEC("iter/task")
int sample(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct iterator_record record = { 0 };

	if (!task)
		return 0;
	record.process = task->tgid;
	record.thread = task->pid;
	record.minor = task->min_flt;
	record.major = task->maj_flt;
	record.cpu_ns = task->se.sum_exec_runtime;
	if (record.process == record.thread) {
		record.minor += task->signal->min_flt;
		record.major += task->signal->maj_flt;
		record.cpu_ns += task->signal->sum_sched_runtime;
	}
	bpf_seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}

/* bpf_seq_write() is for programs that are compatible with the GPL, which the MIT licence is. */
const char licence[] SEC("license") = "Dual MIT/GPL";
