/*
** Reductions over raw memory. A walk splits the dimensions of one operand x into kept and reduced ones, each kind sorted and merged
** by itself. It hands out the results in chunks along the innermost kept dimension; for a chunk, passes over the reduced
** dimensions fill a row of accumulators that stays in the cache (the mean, then the deviations from it: two passes over
** the same chunk). A pass takes x in memory order: runs into one accumulator each, or row after row into all.
*/
#ifndef TIDE_KERNELS_REDUCE_H
#define TIDE_KERNELS_REDUCE_H

#include "kernels/kernels.h"

#define TIDE_REDUCE_WIDTH 512            /* most results of a chunk */

/* What is added up: x, x^2, |x|, |x|^aux, x unless nan, (x - aux)^2, e^(x - aux), x != 0; then products, extremes, and extremes
** of |x|. Sums of
** floats and their products accumulate in double, those of integers (and the count of nonzeros of any dtype) in int64, extremes
** in the dtype. */
enum {
  RED_SUM, RED_SQUARES, RED_ABS, RED_POWER, RED_NUMBERS, RED_DEVIATION, RED_EXP, RED_NONZERO, RED_PROD, RED_MAX, RED_MIN, RED_FARTHEST, RED_NEAREST,
  TIDE_REDUCTIONS
};

typedef struct tide__Reducer {
  void (*start)(int64_t n, void *acc);
  void (*fold)(int64_t n, const char *p, int64_t stride, void *acc, const double *aux);
  void (*rows)(int64_t m, int64_t row_stride, int64_t n, int64_t stride, const char *p, void *acc, const double *aux);
  void (*join)(int64_t groups, int64_t n, void *acc);
  uint8_t size;                          /* of an accumulator */
} tide__Reducer;

/* The extreme and its place (from 0) of a line of n elements; of n lines of m elements, row after row. m, n > 0. */
typedef struct tide__Finder {
  void (*line)(int64_t n, const char *p, int64_t stride, void *value, int64_t *index);
  void (*lines)(int64_t m, int64_t row_stride, int64_t n, int64_t stride, const char *p, void *value, int64_t *index);
} tide__Finder;

typedef struct tide__ReduceLevel {
  tide__Reducer reducer[TIDE_REDUCTIONS][TIDE_NDTYPES];
  tide__Finder finder[2][TIDE_NDTYPES];  /* of the maximum, of the minimum */
} tide__ReduceLevel;
extern const tide__ReduceLevel tide__reduce_base, tide__reduce_avx2, tide__reduce_avx512;

typedef struct tide__Walk {
  tide__Iter kept;                       /* operands: x, then the outputs */
  tide__Iter inner;                      /* x alone, over the reduced dimensions */
  int64_t count;                         /* elements that go into each result */
  int64_t least;                         /* results of a chunk, if there are so many */
  int by_rows;
} tide__Walk;

/* x of `shape`, its reduced dimensions in `mask`; the outputs' strides too are aligned with x's dimensions. Strides count elements of size[k] bytes, x first. */
void tide__walk_init(tide__Walk *w, int nd, const int64_t *shape, uint32_t mask, int nop, const int64_t *const *strides, const size_t *size);
/* n results: p[0] the first element of x that belongs to the first of them, p[1].. the outputs; s their strides in bytes. */
typedef void (*tide__ChunkFunction)(const tide__Walk *w, int64_t n, char *const *p, const int64_t *s, void *arg);
/* Calls f for every chunk, on several threads: f writes to the outputs alone. In order: on this thread, one after the other. */
void tide__walk(const tide__Walk *w, char *const *data, tide__ChunkFunction f, void *arg);
void tide__walk_in_order(const tide__Walk *w, char *const *data, tide__ChunkFunction f, void *arg);

/* Fills the accumulators of a chunk. `aux` may be NULL where the reduction does not use it. */
void tide__reduce(const tide__Walk *w, int reduction, int dtype, int64_t n, const char *p, int64_t s, void *acc, const double *aux);
/* The place, from 0, of the extreme of one line (its first nan, or the first of equal ones). n > 0. */
int64_t tide__place_of(int minimum, int dtype, int64_t n, const char *p, int64_t s);
/* The extremes of a chunk and their places; the walk has at most one reduced dimension, which is not empty. */
void tide__find(const tide__Walk *w, int minimum, int dtype, int64_t n, const char *p, int64_t s, void *value, int64_t *index);

#endif
