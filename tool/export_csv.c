// SPDX-License-Identifier: MIT
/*
 * CSV as RFC 4180 has it, but for its line ends: one table, a row a sample, or with events a row
 * for each thing that happened. What a row does not know is empty.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "export.h"

#define WHO "time_ns,unix_ns,segment,target,pid,tid,name,event,"

static void begin(struct export *out)
{
	fputs(out->events ? WHO "parent,birth_ns,exit_code,signal,reason,missed_deadlines,"
				"shed_visits,lost_records,unfollowed_processes,"
				"peak_resident_bytes\n"
			  : WHO "minor_faults,major_faults,cpu_ns,system_ns,resident_bytes,"
				"swapped_bytes,voluntary_switches,involuntary_switches\n",
	      out->to);
}

/* Quoted if it has to be; quoting spaces at its ends keeps readers from dropping them. */
static void write_text(FILE *to, const char *text)
{
	size_t length = strlen(text);

	if (!length || (!strpbrk(text, ",\"\r\n") && *text != ' ' && text[length - 1] != ' ')) {
		fputs(text, to);
		return;
	}
	putc('"', to);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', to);
		putc(*text, to);
	}
	putc('"', to);
}

/* The columns that all rows begin with; @who may be NULL. */
static void write_who(const struct export *out, uint64_t time_ns, const struct roster_entry *who,
		      const char *event)
{
	FILE *to = out->to;

	fprintf(to, "%" PRIu64 ",%" PRIi64 ",%" PRIu32 ",", time_ns,
		(int64_t)(time_ns + (uint64_t)out->segment->wall_ns), out->number);
	if (who)
		fprintf(to, "%" PRIu32, who->target);
	putc(',', to);
	if (who && who->pid)
		fprintf(to, "%d", who->pid);
	putc(',', to);
	if (who && who->tid)
		fprintf(to, "%d", who->tid);
	putc(',', to);
	if (who)
		write_text(to, who->name);
	fprintf(to, ",%s,", event);
}

static void write_sample(const struct export *out, const struct fl_record *record,
			 const struct roster_entry *who)
{
	const struct fl_counts *counts = roster_counts(record);
	uint64_t page = out->segment->page_bytes;

	if (!counts)
		return;
	write_who(out, record->time_ns, who,
		  record->type == FL_RECORD_SAMPLE ? "sample"
		  : record->type == FL_RECORD_EXIT ? "exit"
						   : "left");
	fprintf(out->to,
		"%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		",%" PRIu64 "\n",
		(uint64_t)counts->minor, (uint64_t)counts->major, (uint64_t)counts->cpu_ns,
		(uint64_t)counts->system_ns, (uint64_t)(counts->resident * page),
		(uint64_t)(counts->swapped * page), (uint64_t)counts->voluntary,
		(uint64_t)counts->involuntary);
}

static void write_join(const struct export *out, const struct fl_join *join,
		       const struct roster_entry *who)
{
	write_who(out, join->record.time_ns, who,
		  join->record.type == FL_RECORD_FORK ? "fork" : "target");
	if (join->parent)
		fprintf(out->to, "%" PRIu32, (uint32_t)join->parent);
	fprintf(out->to, ",%" PRIu64 ",,,,,,,,\n", (uint64_t)join->birth_ns);
}

static void write_exit(const struct export *out, const struct fl_exit *ended,
		       const struct roster_entry *who)
{
	uint64_t peak = faultline_exit_peak(ended);

	write_who(out, ended->record.time_ns, who, "exit");
	if (WIFSIGNALED(ended->status))
		fprintf(out->to, ",,,%d,,,,,,", WTERMSIG(ended->status));
	else
		fprintf(out->to, ",,%d,,,,,,,", WEXITSTATUS(ended->status));
	if (peak)
		fprintf(out->to, "%" PRIu64, peak * out->segment->page_bytes);
	putc('\n', out->to);
}

static void write_event(const struct export *out, const struct fl_record *record,
			const struct roster_entry *who)
{
	const struct fl_missed *missed = (const void *)record;
	const struct fl_lost *lost = (const void *)record;

	switch (record->type) {
	case FL_RECORD_TARGET:
	case FL_RECORD_FORK:
		write_join(out, (const struct fl_join *)record, who);
		break;
	case FL_RECORD_EXEC:
		write_who(out, record->time_ns, who, "exec");
		fputs(",,,,,,,,,\n", out->to);
		break;
	case FL_RECORD_EXIT:
		write_exit(out, (const struct fl_exit *)record, who);
		break;
	case FL_RECORD_LEFT:
		write_who(out, record->time_ns, who, "left");
		fprintf(out->to, ",,,,%s,,,,,\n",
			export_reason(((const struct fl_left *)record)->reason));
		break;
	case FL_RECORD_MISSED:
		write_who(out, record->time_ns, NULL, "missed");
		fprintf(out->to, ",,,,,%" PRIu64 ",%" PRIu64 ",,,\n", (uint64_t)missed->deadlines,
			(uint64_t)missed->shed);
		break;
	case FL_RECORD_LOST:
		write_who(out, record->time_ns, NULL, "lost");
		fprintf(out->to, ",,,,,,,%" PRIu64 ",%" PRIu64 ",\n", (uint64_t)lost->records,
			(uint64_t)lost->unfollowed);
		break;
	default:
		break;
	}
}

static void record(struct export *out, const struct fl_record *record, struct roster_entry *who)
{
	if (out->events)
		write_event(out, record, who);
	else
		write_sample(out, record, who);
}

static void segment(struct export *out)
{
	if (!out->events)
		return;
	write_who(out, out->segment->start_ns, NULL, "begin");
	fputs(",,,,,,,,,\n", out->to);
}

static void end(struct export *out, const struct faultline_end *end)
{
	if (!out->events || !end)
		return;
	/* What was lost has rows of its own: sums over all rows are right. */
	write_who(out, end->end_ns, NULL, "end");
	fputs(",,,,,,,,,\n", out->to);
}

const struct export_format export_csv = {
	.name = "csv",
	.begin = begin,
	.segment = segment,
	.record = record,
	.end = end,
};
