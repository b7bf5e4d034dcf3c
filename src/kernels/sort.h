/*
** Sorting one line of n elements at a byte stride. Elements become unsigned keys in whose order they stand (a nan is greatest, -0 equals 0), each
** carrying its place; so keys never tie, every sort is stable, and one set of routines serves all dtypes.
*/
#ifndef TIDE_KERNELS_SORT_H
#define TIDE_KERNELS_SORT_H

#include "kernels/kernels.h"

/* Bytes of scratch memory for a line of n. */
size_t tide__sort_scratch(int dtype, int64_t n);
/* The places (from 0) of the first `want` elements in order; equal ones in the order in which they stand. */
void tide__sort(int dtype, int64_t n, const char *p, int64_t s, int descending, int64_t want, int64_t *place, void *scratch);
/* The place of element number `rank` (from 0) in ascending order. */
int64_t tide__nth(int dtype, int64_t n, const char *p, int64_t s, int64_t rank, void *scratch);
/* How many elements of a line are not nan; *first: the place of the first nan, if any. */
int64_t tide__count_numbers(int dtype, int64_t n, const char *p, int64_t s, int64_t *first);

#endif
