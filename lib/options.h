/* SPDX-License-Identifier: MIT */
/* Structs that begin with their size and grow: "HOW THIS GROWS" in libfaultline.h. */
#ifndef FL_OPTIONS_H
#define FL_OPTIONS_H

#include <stddef.h>

/**
 * options_take - take a struct from a program that is older or newer than the library
 * @to: @known bytes, 8 at least; filled whole, but for its size
 * @known: sizeof the struct, as the library knows it
 * @least: its size in the first version
 * @from: the program's; its first four bytes are its size
 *
 * Return: 0, -EINVAL if it is shorter than @least, -E2BIG if a byte behind @known is not 0.
 */
int options_take(void *to, size_t known, size_t least, const void *from);

/**
 * options_give - give a struct to such a program
 * @to: the program's; its size tells how much room there is, and stays
 * @from: the library's, @known bytes; what the program has beyond them is filled with 0
 *
 * Return: 0, or -EINVAL if @to is shorter than @least.
 */
int options_give(void *to, size_t least, const void *from, size_t known);

#endif
