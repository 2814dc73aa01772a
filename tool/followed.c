// SPDX-License-Identifier: MIT
#include "followed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NS_PER_S     1000000000ULL
#define FILES_OWN    24UL  /* of the tool, at the least */
#define END_READINGS 8	   /* some 10 microseconds each */
#define HEARD_MAX    65536 /* more than fit into the kernel's buffer */

void followed_init(struct followed_set *set, int epoll)
{
	size_t taken = proc_own_files(); /* inherited, mostly */
	struct rlimit limit;
	rlim_t room;

	/* The rest is the tool's own. The limit is not raised, as commands would inherit it. */
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur > FILES_OWN + taken) {
		room = limit.rlim_cur - taken;
		set->files_max = room >= 2 * FILES_OWN ? room / 2 : room - FILES_OWN;
	}
	set->epoll = epoll;
}

static void close_one(struct followed_set *set, int *file)
{
	if (*file < 0)
		return;
	close(*file);
	*file = -1;
	set->files--;
}

static void close_files(struct followed_set *set, struct followed *one)
{
	close_one(set, &one->file);
	close_one(set, &one->end);
}

/* To hear of its end; where that is not to be had, the next pass sees it. */
static void await_end(struct followed_set *set, struct followed *one)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = one->id };

	if (one->tid || set->epoll < 0 || set->files >= set->files_max)
		return;
	one->end = (int)syscall(SYS_pidfd_open, one->pid, 0);
	if (one->end < 0)
		return;
	set->files++;
	if (epoll_ctl(set->epoll, EPOLL_CTL_ADD, one->end, &event))
		close_one(set, &one->end);
}

void followed_free(struct followed_set *set)
{
	for (size_t i = 0; i < set->number; i++)
		close_files(set, &set->all[i]);
	free(set->all);
	heir_resign(&set->heir);
	queue_free(&set->queue);
}

struct followed *followed_find(struct followed_set *set, int pid, int tid)
{
	for (size_t i = 0; i < set->number; i++) {
		struct followed *one = &set->all[i];

		if (one->pid == pid && one->tid == tid && !one->gone)
			return one;
	}
	return NULL;
}

struct followed *followed_of_id(struct followed_set *set, uint32_t id)
{
	size_t low = 0, high = set->number;

	/* Ids only grow, and nobody changes places. */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (set->all[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == set->number || set->all[low].id != id || set->all[low].gone)
		return NULL;
	return &set->all[low];
}

static bool make_room(struct followed_set *set)
{
	size_t room = set->room ? 2 * set->room : 64;
	struct followed *all;

	if (set->number < set->room)
		return true;
	all = realloc(set->all, room * sizeof(*all));
	if (!all)
		return false;
	set->all = all;
	set->room = room;
	return true;
}

static void tell_join(struct followed_set *set, uint64_t now_ns, const struct followed *one,
		      const struct followed_new *new)
{
	struct fl_join join = {
		.target = one->id,
		.parent = new->parent,
		.pid = one->pid,
		.tid = one->tid,
		.birth_ns = one->birth_ns,
	};

	memcpy(join.comm, one->comm, sizeof(join.comm));
	queue_add(&set->queue, new->type, now_ns, &join, sizeof(join));
}

/* An end is that of a thread, and part of its process's. */
static bool claim(struct followed_set *set, const struct exits_end *end)
{
	bool claimed = false;

	for (size_t i = 0; i < set->number; i++) {
		struct followed *one = &set->all[i];

		if (one->pid != end->process || (one->tid && one->tid != end->thread) || one->gone)
			continue;
		exits_add(&one->ended, end);
		if (one->tid) {
			one->ended.status = end->status;
			one->ended.whole = true;
		}
		claimed = true;
	}
	return claimed;
}

void followed_hear(struct followed_set *set)
{
	struct exits_end end;

	if (!set->exits)
		return;
	/* Others end meanwhile. */
	for (int i = 0; i < HEARD_MAX && exits_next(set->exits, &end); i++) {
		if (!claim(set, &end))
			exits_keep(set->exits, &end);
	}
}

/* What was told before it was known to be one of ours. */
static void catch_up(struct followed_set *set, struct followed *one)
{
	struct exits_end end;

	if (!set->exits)
		return;
	one->losses = set->exits->settled;
	while (!one->tid && exits_take(set->exits, one->pid, &end))
		exits_add(&one->ended, &end);
}

struct followed *followed_add(struct followed_set *set, uint64_t now_ns, int file,
			      const struct proc_stat *stat, const struct followed_new *new)
{
	struct followed *one;

	if (!make_room(set)) {
		if (file >= 0)
			close(file);
		queue_lose(&set->queue, 0, 1);
		return NULL;
	}
	one = &set->all[set->number++];
	*one = (struct followed){
		.id = ++set->newest,
		.group = new->group,
		.pid = stat->pid,
		.tid = new->tid,
		.file = file,
		.end = -1,
		.tree = new->tree,
		.asked = new->asked,
		.heard = new->heard,
		.start_ticks = stat->start_ticks,
		.birth_ns = new->birth_ns < now_ns ? new->birth_ns : now_ns,
	};
	memcpy(one->comm, stat->comm, sizeof(one->comm));
	if (file >= 0 && ++set->files > set->files_max)
		close_one(set, &one->file);
	if (!new->buried)
		await_end(set, one);
	catch_up(set, one);
	tell_join(set, now_ns, one, new);
	return one;
}

static int read_stat(const struct followed *one, struct proc_stat *stat)
{
	bool thread = one->tid;
	int file, error;

	if (one->file >= 0)
		return proc_read_stat(one->file, stat);
	file = proc_open_stat(thread ? one->tid : one->pid, thread);
	if (file < 0)
		return file;
	error = proc_read_stat(file, stat);
	close(file);
	if (!error && stat->start_ticks != one->start_ticks)
		return -ESRCH;
	return error;
}

static void read_status(const struct followed *one, const struct proc_stat *stat,
			struct fl_counts *counts)
{
	bool thread = one->tid;
	struct proc_status status;

	if (proc_read_status(thread ? one->tid : one->pid, thread, &status))
		return;
	if (!thread && stat->threads > 1)
		proc_switches(one->pid, &status);
	counts->swapped = status.swapped / sysconf(_SC_PAGESIZE);
	counts->voluntary = status.voluntary;
	counts->involuntary = status.involuntary;
}

static void read_cpu(const struct followed *one, struct fl_counts *counts)
{
	uint64_t ns;

	if (!(one->tid ? proc_thread_cpu(one->tid, &ns) : proc_cpu(one->pid, &ns)))
		counts->cpu_ns = ns;
}

static bool has_ended(const struct followed *one, const struct proc_stat *stat)
{
	if (stat->state == 'X')
		return true;
	/* A process whose first thread has ended is alive if others are. */
	return stat->state == 'Z' && (one->tid || stat->threads <= 1);
}

static void keep_greater(__u64 *kept, uint64_t found)
{
	if (found > *kept)
		*kept = found;
}

/* What threads that ended did is missing in some of the sums: none goes back for that. */
static void take_in(struct followed *one, const struct proc_stat *stat,
		    const struct fl_counts *found)
{
	uint64_t tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);
	struct fl_counts *counts = &one->counts;

	keep_greater(&counts->minor, stat->minor);
	keep_greater(&counts->major, stat->major);
	keep_greater(&counts->cpu_ns, found->cpu_ns);
	keep_greater(&counts->cpu_ns, (stat->user_ticks + stat->system_ticks) * tick_ns);
	keep_greater(&counts->system_ns, stat->system_ticks * tick_ns);
	if (counts->system_ns > counts->cpu_ns)
		counts->system_ns = counts->cpu_ns;
	keep_greater(&counts->voluntary, found->voluntary);
	keep_greater(&counts->involuntary, found->involuntary);
	counts->resident = stat->resident;
	counts->swapped = found->swapped;
	keep_greater(&one->peak_resident, stat->resident);
}

/* Were all its threads told of? Of who was there before we listened some may have ended then. */
static bool is_complete(const struct followed_set *set, const struct followed *one)
{
	const struct exits_sum *ended = &one->ended;

	if (ended->whole)
		return true;
	if (ended->partial || one->losses != set->exits->losses)
		return false;
	/* A thread that executes a program is gone as well, and has not ended. */
	if (one->tid)
		return true;
	return ended->ends && (one->heard || set->exits->version < EXITS_VERSION_PROCESS);
}

static void take_in_ended(struct followed_set *set, struct followed *one)
{
	const struct exits_sum *ended = &one->ended;
	struct fl_counts *counts = &one->counts;

	if (!set->exits)
		return;
	keep_greater(&counts->minor, ended->minor);
	keep_greater(&counts->major, ended->major);
	keep_greater(&counts->cpu_ns, ended->cpu_ns);
	keep_greater(&counts->system_ns, ended->system_ns);
	if (counts->system_ns > counts->cpu_ns)
		counts->system_ns = counts->cpu_ns;
	keep_greater(&counts->voluntary, ended->voluntary);
	keep_greater(&counts->involuntary, ended->involuntary);
	if (!is_complete(set, one))
		queue_lose(&set->queue, 1, 0);
}

/* 0: not known. What its earlier programs had, only readings and a zombie's peak have. */
static uint64_t peak_of(const struct followed *one)
{
	uint64_t peak = one->ended.peak_bytes / sysconf(_SC_PAGESIZE);

	if (one->tid || !peak)
		return 0;
	return peak > one->peak_resident ? peak : one->peak_resident;
}

static void tell_exit(struct followed_set *set, struct followed *one, uint64_t now_ns, int status)
{
	struct fl_exit end = { .target = one->id, .status = status };

	one->counts.resident = one->counts.swapped = 0;
	end.counts = one->counts;
	end.peak_resident = peak_of(one);
	queue_add(&set->queue, FL_RECORD_EXIT, now_ns, &end, sizeof(end));
	one->gone = true;
}

void followed_name(struct followed_set *set, struct followed *one, uint64_t now_ns,
		   const char *comm, bool exec)
{
	struct fl_exec record = { .target = one->id };

	if (!exec && !memcmp(one->comm, comm, sizeof(one->comm)))
		return;
	memcpy(one->comm, comm, sizeof(one->comm));
	memcpy(record.comm, comm, sizeof(record.comm));
	queue_add(&set->queue, FL_RECORD_EXEC, now_ns, &record, sizeof(record));
}

/* Was it not to be read for want of descriptors or memory? Then it has not ended. */
static bool is_want(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

/* All its threads' ends were told before it could be buried. */
static void tell_gone(struct followed_set *set, struct followed *one, uint64_t now_ns)
{
	followed_hear(set);
	take_in_ended(set, one);
	if (*one->ended.comm && !one->tid)
		followed_name(set, one, now_ns, one->ended.comm, false);
	tell_exit(set, one, now_ns, one->ended.status);
}

/*
 * Of the command: others may have what they shared with their parents after vfork(2). Who buried
 * children may have what one of those had.
 */
static void ask_for_peak(struct followed *one, const struct proc_stat *stat)
{
	uint64_t peak = 0;

	if (one->asked && !one->tid && !stat->buried)
		peak = proc_zombie_peak(one->pid);
	if (peak)
		one->ended.peak_bytes = peak;
}

/*
 * Take in what it is now; if it has ended, its EXIT. 1, 0 if it has ended, or -errno if it could
 * not be looked at now. The CPU clock goes by the number, so it is read before the file: if that is
 * still there the number was its owner's. Of a zombie it is read once more, as it may have run in
 * between.
 */
static int look_at(struct followed_set *set, struct followed *one, uint64_t now_ns, bool slowly)
{
	struct fl_counts found = one->counts;
	struct proc_stat stat;
	bool ended;
	int error;

	read_cpu(one, &found);
	error = read_stat(one, &stat);
	if (is_want(error))
		return error;
	if (error) {
		tell_gone(set, one, now_ns);
		return 0;
	}
	ended = has_ended(one, &stat);
	if (ended) {
		followed_hear(set);
		read_cpu(one, &found);
		ask_for_peak(one, &stat);
	}
	if (ended || slowly || !one->known)
		read_status(one, &stat, &found);
	one->known = true;
	followed_name(set, one, now_ns, stat.comm, false);
	take_in(one, &stat, &found);
	if (ended) {
		tell_exit(set, one, now_ns, stat.status);
		if (!one->tid && !one->asked)
			heir_expect(&set->heir, one->pid);
	}
	return !ended;
}

bool followed_read(struct followed_set *set, struct followed *one, uint64_t now_ns, bool slowly)
{
	struct fl_sample sample = { .target = one->id };
	int alive = look_at(set, one, now_ns, slowly);

	if (alive < 0)
		queue_lose(&set->queue, 1, 0);
	if (alive <= 0)
		return alive;
	sample.counts = one->counts;
	queue_add(&set->queue, FL_RECORD_SAMPLE, now_ns, &sample, sizeof(sample));
	return true;
}

void followed_end(struct followed_set *set, struct followed *one, uint64_t now_ns)
{
	for (int i = 0; i < END_READINGS; i++) {
		if (look_at(set, one, now_ns, false) <= 0)
			return;
	}
}

void followed_leave(struct followed_set *set, struct followed *one, uint64_t now_ns,
		    enum fl_left_reason reason)
{
	struct fl_left left = { .target = one->id, .reason = reason, .counts = one->counts };

	queue_add(&set->queue, FL_RECORD_LEFT, now_ns, &left, sizeof(left));
	one->gone = true;
}

void followed_sweep(struct followed_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->number; i++) {
		if (set->all[i].gone)
			close_files(set, &set->all[i]);
		else
			set->all[kept++] = set->all[i];
	}
	set->number = kept;
	heir_bury(&set->heir);
}
