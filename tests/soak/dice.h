/* SPDX-License-Identifier: MIT */
/* Random numbers that the same seed gives again. */
#ifndef DICE_H
#define DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state; /* any value: the seed */
};

/* 64 random bits. */
uint64_t dice_bits(struct dice *dice);

/* 0 to n - 1; n is not 0. */
unsigned int dice_below(struct dice *dice, unsigned int n);

/* True once in n times; n is not 0. */
bool dice_one_in(struct dice *dice, unsigned int n);

/* Small mostly, seldom up to max: as many bits as the dice say. */
uint64_t dice_up_to(struct dice *dice, uint64_t max);

#endif
