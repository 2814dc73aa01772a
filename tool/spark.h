/* SPDX-License-Identifier: MIT */
/* SPARKLINES: a row of numbers as a row of blocks, each as high as its number. */
#ifndef SPARK_H
#define SPARK_H

#include <stdbool.h>
#include <stddef.h>

/* What @number blocks need at the most, the NUL included. */
#define SPARK_BYTES(number) (3 * (number) + 1)

/**
 * spark_draw - the highest number is a full block, none is blank, a little is the lowest block
 * @text: SPARK_BYTES(number); UTF-8 where @unicode, else ASCII
 */
const char *spark_draw(char *text, const float *numbers, size_t number, bool unicode);

#endif
