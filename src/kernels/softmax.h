/* Softmax over one dimension of contiguous memory [outer, n, inner], per dtype and instruction-set level (softmax_loops.h). */
#ifndef TIDE_KERNELS_SOFTMAX_H
#define TIDE_KERNELS_SOFTMAX_H

#include "kernels/kernels.h"

enum {
  SOFTMAX,               /* y = e^x / sum e^x        of x */
  LOG_SOFTMAX,           /* y = x - log sum e^x      of x */
  SOFTMAX_GRAD,          /* y (g - sum g y)          of g and y */
  LOG_SOFTMAX_GRAD,      /* g - e^y sum g            of g and y */
  TIDE_SOFTMAXES
};

/* b is not read by the first two. */
typedef void (*tide__Softmax)(int64_t outer, int64_t n, int64_t inner, const void *a, const void *b, void *to);
typedef const tide__Softmax tide__SoftmaxTable[TIDE_SOFTMAXES][2];           /* float32, float64 */
extern tide__SoftmaxTable tide__softmax_base, tide__softmax_avx2, tide__softmax_avx512;

/* The one for this process. */
tide__Softmax tide__softmax(int which, int dtype);

#endif
