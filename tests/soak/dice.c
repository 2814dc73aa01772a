// SPDX-License-Identifier: MIT
#include "dice.h"

/* The constants of splitmix64, which passes the usual tests and needs no warming up. */
uint64_t dice_bits(struct dice *dice)
{
	uint64_t z = dice->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned int dice_below(struct dice *dice, unsigned int n)
{
	/* Scales 32 bits down, which is as even as needed here and spares the division. */
	return (dice_bits(dice) >> 32) * n >> 32;
}

bool dice_one_in(struct dice *dice, unsigned int n)
{
	return dice_below(dice, n) == 0;
}

uint64_t dice_up_to(struct dice *dice, uint64_t max)
{
	uint64_t value = dice_bits(dice) >> dice_below(dice, 64);

	return max == UINT64_MAX ? value : value % (max + 1);
}
