// SPDX-License-Identifier: MIT
#include "pattern.h"

/*
 * SplitMix64: a counter with an odd step, run through a mixing function. Any state is a good one,
 * and seeds next to each other give unrelated sequences.
 */
static uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* Small remainders are likelier, but by one part in 2^64 / @below only: in 2^32 or more. */
static uint64_t random_below(uint64_t *state, uint64_t below)
{
	return random_next(state) % below;
}

void pattern_init(struct pattern *p, enum pattern_kind kind, uint64_t size, uint64_t seed)
{
	*p = (struct pattern){ .kind = kind, .size = size, .random = seed };
	p->walk = random_below(&p->random, size);
}

static bool is_random_turn(struct pattern *p)
{
	unsigned int turn = p->turn;

	p->turn = (turn + 1) % PATTERN_RANDOM_EVERY;
	return turn == 0;
}

uint64_t pattern_next(struct pattern *p)
{
	if (p->kind == PATTERN_RANDOM || is_random_turn(p))
		return random_below(&p->random, p->size);
	p->walk += random_below(&p->random, PATTERN_STEP_MAX + 1);
	if (p->walk >= p->size)
		p->walk -= p->size;
	return p->walk;
}
