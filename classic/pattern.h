/* SPDX-License-Identifier: MIT */
/*
 * Which byte a work process writes next.
 *
 * Random: every byte of the buffer is as likely as any other, each time anew, so that A accesses
 * touch about P * (1 - e^(-A/P)) distinct pages of P.
 *
 * Local: a walk that moves on 0..PATTERN_STEP_MAX bytes an access, from a random place and round
 * the end; but every PATTERN_RANDOM_EVERY-th access, the first included, is a random one. Any ten
 * accesses in a row thus hold exactly two random ones. A random access does not move the walk.
 *
 * The same kind, size and seed give the same sequence, on every machine. Pure: no I/O, no memory.
 */
#ifndef FL_PATTERN_H
#define FL_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#define PATTERN_STEP_MAX     299 /* bytes */
#define PATTERN_RANDOM_EVERY 5	 /* accesses */

enum pattern_kind {
	PATTERN_RANDOM,
	PATTERN_LOCAL,
};

struct pattern {
	enum pattern_kind kind;
	uint64_t size;	   /* of the buffer, in bytes */
	uint64_t random;   /* state of the generator */
	uint64_t walk;	   /* where the last local access was, in bytes; below size */
	unsigned int turn; /* accesses since the last random one of a local pattern */
};

/**
 * pattern_init - start a sequence
 * @p: owned by the caller, needs no release
 * @kind: which one
 * @size: of the buffer in bytes, PATTERN_STEP_MAX + 1 .. 2^32
 * @seed: any number, 0 too
 */
void pattern_init(struct pattern *p, enum pattern_kind kind, uint64_t size, uint64_t seed);

/** pattern_next - the byte to write next, as its offset in the buffer: 0 .. size - 1 */
uint64_t pattern_next(struct pattern *p);

#endif
