// SPDX-License-Identifier: MIT
#include "account_text.h"

#include "clean.h"
#include "fate.h"
#include "ranking.h"
#include "units.h"

#define NS_PER_S 1e9

/* So many processes have a line each. */
#define PROCESSES_SHOWN 20

static double pages(const struct account *account, uint64_t number)
{
	return (double)number * account->footing->segment->page_bytes;
}

/* "12.3k/s", of what was counted in a time. */
static const char *rate(char *text, uint64_t count, uint64_t ns)
{
	char number[UNITS_BYTES];

	snprintf(text, UNITS_BYTES, "%.30s/s",
		 units_short(number, ns ? count / (ns / NS_PER_S) : 0));
	return text;
}

static void line(FILE *to, const char *value, const char *name, const char *more)
{
	fprintf(to, *more ? "%16s  %-24s%12s\n" : "%16s  %s\n", value, name, more);
}

static void write_counts(FILE *to, const struct account *account, const struct fl_counts *total)
{
	const struct ledger *ledger = account->ledger;
	uint64_t elapsed = account->elapsed_ns;
	char value[UNITS_BYTES];
	char more[UNITS_BYTES];

	line(to, units_count(value, total->minor), "minor faults",
	     rate(more, total->minor, elapsed));
	line(to, units_count(value, total->major), "major faults",
	     rate(more, total->major, elapsed));
	line(to, units_time(value, total->cpu_ns), "CPU time",
	     units_percent(more, elapsed ? 100.0 * total->cpu_ns / elapsed : 0));
	line(to, units_time(value, total->cpu_ns - total->system_ns), "  user", "");
	line(to, units_time(value, total->system_ns), "  system", "");
	line(to,
	     units_bytes_if(value, ledger->peak_resident, pages(account, ledger->peak_resident)),
	     "peak resident", "");
	line(to, units_bytes_if(value, ledger->sampled_ns, pages(account, ledger->peak_swapped)),
	     "peak swapped", "");
	line(to, units_count(value, total->voluntary), "voluntary switches",
	     rate(more, total->voluntary, elapsed));
	line(to, units_count(value, total->involuntary), "involuntary switches",
	     rate(more, total->involuntary, elapsed));
	line(to, units_time(value, elapsed), "elapsed", "");
}

/* How it ended, if there is something to say about it. */
static void write_end(FILE *to, const struct history_process *process)
{
	char text[FATE_BYTES];

	if (process->end == HISTORY_LEFT || (process->end == HISTORY_EXITED && process->status))
		fprintf(to, " (%s)", fate(text, process));
}

/* What is longer is cut. */
static void write_name(FILE *to, const char *name)
{
	char text[1024];

	fputs(clean(text, sizeof(text), name), to);
}

static void write_process(FILE *to, const struct account *account,
			  const struct history_process *process)
{
	struct fl_counts counts = history_counts(process);
	char minor[UNITS_BYTES];
	char major[UNITS_BYTES];
	char cpu[UNITS_BYTES];
	char system[UNITS_BYTES];
	char resident[UNITS_BYTES];
	char swapped[UNITS_BYTES];

	fprintf(to, "%8d %11s %8s %8s %8s %8s %8s  ", process->tid ? process->tid : process->pid,
		units_count(minor, counts.minor), units_count(major, counts.major),
		units_time(cpu, counts.cpu_ns), units_time(system, counts.system_ns),
		units_bytes_if(resident, history_knows_resident(process),
			       pages(account, process->peak_resident)),
		units_bytes_if(swapped, process->sampled, pages(account, process->peak_swapped)));
	write_name(to, process->name);
	write_end(to, process);
	fputc('\n', to);
}

static void write_processes(FILE *to, const struct account *account)
{
	const struct history *history = account->history;
	struct ranking ranking = { 0 };
	char count[UNITS_BYTES];

	if (ranking_make(history, 0, RANKING_FAULTS, &ranking))
		goto free;
	fprintf(to, "\n%8s %11s %8s %8s %8s %8s %8s\n", "", "minor", "major", "CPU", "of it",
		"peak", "peak");
	fprintf(to, "%8s %11s %8s %8s %8s %8s %8s  %s\n", "PID", "faults", "faults", "time",
		"system", "resident", "swapped", "name");
	for (size_t i = 0; i < ranking.number && i < PROCESSES_SHOWN; i++)
		write_process(to, account, &history->processes[ranking.processes[i]]);
	if (ranking.number > PROCESSES_SHOWN)
		fprintf(to, "%8s %s processes more, with fewer faults; --json has them all\n", "",
			units_count(count, ranking.number - PROCESSES_SHOWN));
free:
	ranking_free(&ranking);
}

/* The kernel's sum at the command's end has what the source could not see. */
static void write_unseen(FILE *to, const struct account *account)
{
	struct fl_counts total = ledger_total(account->ledger);
	uint64_t minor = account->child->usage.ru_minflt;
	uint64_t major = account->child->usage.ru_majflt;
	char of_minor[UNITS_BYTES];
	char of_major[UNITS_BYTES];

	if (!account->command || (minor <= total.minor && major <= total.major))
		return;
	fprintf(to, "  not seen    %s minor and %s major faults: wait4(2) has them\n",
		units_count(of_minor, minor > total.minor ? minor - total.minor : 0),
		units_count(of_major, major > total.major ? major - total.major : 0));
}

static void write_footing(FILE *to, const struct account *account)
{
	const struct footing *footing = account->footing;
	const char *blind = footing->segment->blind;
	char text[FOOTING_BYTES];

	fprintf(to, "\n  source      %s%s%s\n", footing_source(footing, text),
		*footing->why ? "; " : "", footing->why);
	if (blind && *blind)
		fprintf(to, "  cannot see  %s\n", blind);
	write_unseen(to, account);
	fprintf(to, "  lost        %s\n", footing_lost(footing, text));
	fprintf(to, "  own cost    %s\n", footing_cost(footing, text));
}

static void write_title(FILE *to, const struct account *account)
{
	char number[UNITS_BYTES];

	fputs("\n ", to);
	for (char *const *word = account->command; word && *word; word++) {
		fputc(' ', to);
		write_name(to, *word);
	}
	if (!account->command)
		fprintf(to, " %s processes", units_count(number, account->history->process_number));
	fputs("\n\n", to);
}

void account_text_write(FILE *to, const struct account *account)
{
	struct fl_counts total = ledger_total(account->ledger);

	write_title(to, account);
	write_counts(to, account, &total);
	if (account->history->process_number > 1)
		write_processes(to, account);
	write_footing(to, account);
	fputc('\n', to);
}

void account_text_head(FILE *to)
{
	fprintf(to, "%10s %9s %9s %9s %9s %9s %9s %9s %9s\n", "time", "minor", "minor", "major",
		"major", "CPU", "resident", "swapped", "processes");
	fprintf(to, "%10s %9s %9s %9s %9s %9s\n", "", "faults", "faults/s", "faults", "faults/s",
		"of one");
}

void account_text_interval(FILE *to, const struct account *account,
			   const struct account_interval *interval)
{
	const struct fl_counts *counts = &interval->counts;
	double seconds = interval->length_ns / NS_PER_S;
	char minor_rate[UNITS_BYTES];
	char major_rate[UNITS_BYTES];
	char minor[UNITS_BYTES];
	char major[UNITS_BYTES];
	char cpu[UNITS_BYTES];
	char resident[UNITS_BYTES];
	char swapped[UNITS_BYTES];

	fprintf(to, "%8.3f s %9s %9s %9s %9s %9s %9s %9s %9zu\n", interval->time_ns / NS_PER_S,
		units_count(minor, counts->minor),
		units_short(minor_rate, seconds > 0 ? counts->minor / seconds : 0),
		units_count(major, counts->major),
		units_short(major_rate, seconds > 0 ? counts->major / seconds : 0),
		units_percent(cpu, seconds > 0 ? counts->cpu_ns / 1e7 / seconds : 0),
		units_bytes(resident, pages(account, counts->resident)),
		units_bytes(swapped, pages(account, counts->swapped)), interval->processes);
}

void account_text_total(FILE *to, const struct account *account)
{
	const struct account_interval whole = {
		.time_ns = account->elapsed_ns,
		.length_ns = account->elapsed_ns,
		.counts = ledger_total(account->ledger),
		.processes = account->history->process_number,
	};
	char resident[UNITS_BYTES];
	char swapped[UNITS_BYTES];

	fputs("  in all:\n", to);
	account_text_interval(to, account, &whole);
	fprintf(to, "\n  peak        %s resident, %s swapped\n",
		units_bytes(resident, pages(account, account->ledger->peak_resident)),
		units_bytes(swapped, pages(account, account->ledger->peak_swapped)));
	write_footing(to, account);
}
