/* SPDX-License-Identifier: MIT */
/*
 * Who is followed by a stand-in for the module, and what was last seen of each: a set of processes
 * and threads that are read in /proc. What is seen goes into the set's queue, by the rules of
 * faultline.h: who is told of comes first, totals never go back, an EXIT or LEFT is the last.
 */
#ifndef FOLLOWED_H
#define FOLLOWED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"
#include "faultline.h"
#include "heir.h"
#include "proc.h"
#include "queue.h"

struct followed {
	uint32_t id;
	uint32_t group; /* id of the cgroup that brought it; 0: none */
	int pid;
	int tid;	      /* of a thread that is followed alone; else 0 */
	int file;	      /* its stat file; -1: too many are open, it is opened each time */
	int end;	      /* its pidfd, which the set's epoll waits for; -1: none */
	bool tree;	      /* what it forks is followed, too */
	bool asked;	      /* it was added by its number */
	bool heard;	      /* its birth was told when it happened */
	bool known;	      /* it was read once */
	bool ending;	      /* its first thread has ended */
	bool gone;	      /* its last record was made */
	unsigned int outside; /* so many times in a row it was not in its cgroup */
	uint64_t start_ticks;
	uint64_t birth_ns;
	char comm[FL_COMM_BYTES];
	struct fl_counts counts; /* the newest */
	__u64 peak_resident;	 /* the most that was seen */
	uint64_t losses;	 /* of the set's exits, none of which is its */
	struct exits_sum ended;	 /* what they told */
};

struct followed_set {
	struct queue queue;
	struct heir heir;
	struct exits *exits; /* not the set's; NULL: ends are not told of */
	struct followed *all;
	size_t number;
	size_t room;
	int epoll;    /* wakes when one of them ends, with its id */
	size_t files; /* how many are open */
	size_t files_max;
	uint32_t newest; /* id */
};

/** followed_init - an empty set; one zeroed before; @epoll: a descriptor, or -1; not taken over */
void followed_init(struct followed_set *set, int epoll);

/** followed_free - close and free all of it */
void followed_free(struct followed_set *set);

/** followed_find - who is followed by that number: NULL if nobody is */
struct followed *followed_find(struct followed_set *set, int pid, int tid);

/** followed_of_id - who has that id: NULL if nobody has */
struct followed *followed_of_id(struct followed_set *set, uint32_t id);

/* One more to be followed. */
struct followed_new {
	uint16_t type; /* FL_RECORD_TARGET or FL_RECORD_FORK */
	uint32_t parent;
	uint32_t group;
	int tid;
	bool tree;
	bool asked;
	bool heard;  /* its birth was told when it happened */
	bool buried; /* it is gone already, without a file */
	uint64_t birth_ns;
};

/**
 * followed_add - follow it from now on, and tell of it
 * @file: its stat file; the set's from now on, also on error; -1: it is opened each time
 * @stat: what was read from that; of who is buried only pid and comm
 *
 * Return: NULL if there is no memory, which is counted. Others in the set may move.
 */
struct followed *followed_add(struct followed_set *set, uint64_t now_ns, int file,
			      const struct proc_stat *stat, const struct followed_new *new);

/**
 * followed_read - see what became of it: a SAMPLE, or its EXIT
 * @slowly: also what takes long: swapped, context switches
 *
 * Return: is it still there?
 */
bool followed_read(struct followed_set *set, struct followed *one, uint64_t now_ns, bool slowly);

/** followed_hear - take in all ends that were told of until now; nobody's are kept */
void followed_hear(struct followed_set *set);

/** followed_end - it is about to end: its EXIT, if that can be seen within microseconds */
void followed_end(struct followed_set *set, struct followed *one, uint64_t now_ns);

/** followed_name - it has a new name; @exec: by executing, even if that is the name it had */
void followed_name(struct followed_set *set, struct followed *one, uint64_t now_ns,
		   const char *comm, bool exec);

/** followed_leave - it is followed no longer, for this reason */
void followed_leave(struct followed_set *set, struct followed *one, uint64_t now_ns,
		    enum fl_left_reason reason);

/** followed_sweep - forget those that are gone, bury who was left to us; others in the set move */
void followed_sweep(struct followed_set *set);

#endif
