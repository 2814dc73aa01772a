// SPDX-License-Identifier: MIT
#include "account_json.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/wait.h>

#include "object.h"
#include "origin.h"

static void add_counts(json_t *object, const struct fl_counts *counts)
{
	object_number(object, "minor_faults", counts->minor);
	object_number(object, "major_faults", counts->major);
	object_number(object, "cpu_ns", counts->cpu_ns);
	object_number(object, "user_ns", counts->cpu_ns - counts->system_ns);
	object_number(object, "system_ns", counts->system_ns);
	object_number(object, "voluntary_switches", counts->voluntary);
	object_number(object, "involuntary_switches", counts->involuntary);
}

/* "exit_status" and "signal", one of which is null. */
static void add_status(json_t *object, int status)
{
	json_object_set_new(object, "exit_status",
			    WIFEXITED(status) ? json_integer(WEXITSTATUS(status)) : json_null());
	json_object_set_new(object, "signal",
			    WIFSIGNALED(status) ? json_integer(WTERMSIG(status)) : json_null());
}

static json_t *process_of(const struct account *account, const struct history_process *process)
{
	static const char *const ends[] = { "alive", "exited", "left" };
	const struct history *history = account->history;
	uint64_t page = account->footing->segment->page_bytes;
	struct fl_counts counts = history_counts(process);
	json_t *object = json_object();

	object_number(object, "pid", process->pid);
	if (process->tid)
		object_number(object, "tid", process->tid);
	json_object_set_new(object, "parent_pid",
			    process->parent == HISTORY_NONE
				    ? json_null()
				    : json_integer(history->processes[process->parent].pid));
	object_text(object, "name", process->name);
	add_counts(object, &counts);
	object_number_if(object, "peak_resident_bytes", history_knows_resident(process),
			 process->peak_resident * page);
	object_number_if(object, "peak_swapped_bytes", process->sampled,
			 process->peak_swapped * page);
	object_number(object, "followed_ns", process->last_ns - process->first_ns);
	json_object_set_new(object, "end", json_string(ends[process->end]));
	if (process->end == HISTORY_EXITED)
		add_status(object, process->status);
	return object;
}

static json_t *source_of(const struct footing *footing)
{
	const struct faultline_segment *segment = footing->segment;
	json_t *object = json_object();

	json_object_set_new(object, "kind", json_string(origin_name(segment->source)));
	object_text(object, "version", segment->source_version ? segment->source_version : "");
	object_number(object, "period_ns", segment->period_ns);
	object_text(object, "why", footing->why);
	object_text(object, "cannot_see", segment->blind ? segment->blind : "");
	return object;
}

static json_t *lost_of(const struct faultline_figures *figures)
{
	json_t *object = json_object();

	object_number(object, "records", figures->lost + figures->overwritten + figures->skipped);
	object_number(object, "deadlines", figures->missed);
	object_number(object, "visits", figures->shed);
	object_number(object, "processes", figures->unfollowed);
	return object;
}

static json_t *cost_of(const struct footing *footing)
{
	json_t *object = json_object();

	object_number(object, "wall_ns", footing->wall_ns);
	object_number(object, "own_cpu_ns", footing->cpu_ns);
	object_number(object, "pass_ns", footing_pass_ns(footing));
	return object;
}

static uint64_t ns_of(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_usec * 1000;
}

/* What the kernel says of the command and all that it waited for. */
static json_t *wait4_of(const struct rusage *usage)
{
	json_t *object = json_object();

	object_number(object, "minor_faults", usage->ru_minflt);
	object_number(object, "major_faults", usage->ru_majflt);
	object_number(object, "user_ns", ns_of(&usage->ru_utime));
	object_number(object, "system_ns", ns_of(&usage->ru_stime));
	object_number(object, "voluntary_switches", usage->ru_nvcsw);
	object_number(object, "involuntary_switches", usage->ru_nivcsw);
	object_number(object, "peak_resident_bytes", (uint64_t)usage->ru_maxrss * 1024);
	return object;
}

static json_t *command_of(const struct account *account)
{
	json_t *words = json_array();

	for (char *const *word = account->command; *word; word++)
		json_array_append_new(words, object_string(*word));
	return words;
}

/* Writes the object and lets go of it. */
static int write_line(FILE *to, json_t *object)
{
	int error = 0;

	if (!object)
		return -ENOMEM;
	errno = 0;
	if (json_dumpf(object, to, JSON_COMPACT) || fputc('\n', to) == EOF || fflush(to))
		error = errno ? -errno : -ENOMEM;
	json_decref(object);
	return error;
}

int account_json_write(FILE *to, const struct account *account)
{
	const struct ledger *ledger = account->ledger;
	struct fl_counts total = ledger_total(ledger);
	uint64_t page = account->footing->segment->page_bytes;
	json_t *object = json_object();
	json_t *sum = json_object();
	json_t *processes = json_array();

	for (size_t i = 0; i < account->history->process_number; i++)
		json_array_append_new(processes,
				      process_of(account, &account->history->processes[i]));
	add_counts(sum, &total);
	object_number_if(sum, "peak_resident_bytes", ledger->peak_resident,
			 ledger->peak_resident * page);
	object_number_if(sum, "peak_swapped_bytes", ledger->sampled_ns,
			 ledger->peak_swapped * page);
	json_object_set_new(object, "command",
			    account->command ? command_of(account) : json_null());
	if (account->command)
		add_status(object, account->child->status);
	object_number(object, "elapsed_ns", account->elapsed_ns);
	if (account->command)
		json_object_set_new(object, "wait4", wait4_of(&account->child->usage));
	json_object_set_new(object, "total", sum);
	json_object_set_new(object, "processes", processes);
	json_object_set_new(object, "source", source_of(account->footing));
	json_object_set_new(object, "lost", lost_of(&account->footing->figures));
	json_object_set_new(object, "cost", cost_of(account->footing));
	return write_line(to, object);
}

int account_json_interval(FILE *to, const struct account *account,
			  const struct account_interval *interval)
{
	uint64_t page = account->footing->segment->page_bytes;
	json_t *object = json_object();

	object_number(object, "time_ns", interval->time_ns);
	object_number(object, "interval_ns", interval->length_ns);
	add_counts(object, &interval->counts);
	object_number(object, "resident_bytes", interval->counts.resident * page);
	object_number(object, "swapped_bytes", interval->counts.swapped * page);
	object_number(object, "process_count", interval->processes);
	return write_line(to, object);
}
