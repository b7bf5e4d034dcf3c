/* Softmax and its kin over one dimension of contiguous memory [outer, n, inner], per dtype and instruction-set level (softmax_loops.h). */
#ifndef TIDE_KERNELS_SOFTMAX_H
#define TIDE_KERNELS_SOFTMAX_H

#include "kernels/kernels.h"

enum {
  SOFTMAX,               /* to = e^a / sum e^a */
  LOG_SOFTMAX,           /* to = a - log sum e^a */
  SOFTMAX_GRAD,          /* to = b (a - sum a b)           a: the gradient, b: the result */
  LOG_SOFTMAX_GRAD,      /* to = a - e^b sum a */
  LOG_SUM,               /* sum = log sum e^a */
  SHARES,                /* to = scale e^(a - sum) - shift */
  TIDE_SOFTMAXES
};

/* The arrays; sum, scale and shift have outer * inner elements. Those that a kind does not use may be NULL. */
typedef struct tide__Lines { const void *a, *b; void *to; double *sum; const double *scale, *shift; } tide__Lines;

/* w lines of n elements side by side, a step apart from one element of a line to the next; w and step are 1 for `line`. */
typedef void (*tide__LineFunction)(int64_t n, int64_t step, int64_t w, const tide__Lines *l);
typedef struct tide__Softmax { tide__LineFunction line, columns; } tide__Softmax;
#define TIDE_SOFTMAX_COLUMNS 256         /* most lines of a call of `columns` */
typedef const tide__Softmax tide__SoftmaxTable[TIDE_SOFTMAXES][2];           /* float32, float64 */
extern tide__SoftmaxTable tide__softmax_base, tide__softmax_avx2, tide__softmax_avx512;

void tide__softmax(int which, int dtype, int64_t outer, int64_t n, int64_t inner, const tide__Lines *l);

#endif
