/* Layer normalisation of contiguous rows, per dtype and instruction-set level (norm_loops.h). */
#ifndef TIDE_KERNELS_NORM_H
#define TIDE_KERNELS_NORM_H

#include "kernels/kernels.h"

/*
** Forward: mean and rstd = 1 / sqrt(variance + eps) of each row of x, and y = (x - mean) rstd weight + bias.
** Backward, of the gradient g: dx (each row by itself), dweight and dbias (sums over the rows). What is NULL is not there, or not wanted.
*/
typedef struct tide__Norm {
  int64_t rows, n;
  double eps;
  const void *x, *weight, *bias, *g;
  void *y, *dx, *dweight, *dbias;
  double *mean, *rstd;
} tide__Norm;

typedef void (*tide__NormFunction)(const tide__Norm *t, int64_t begin, int64_t end);
/* rows and slopes: of rows begin .. end - 1; sums: of columns. */
typedef struct tide__NormLoops { tide__NormFunction rows, slopes, sums; } tide__NormLoops;
extern const tide__NormLoops tide__norm_base[2], tide__norm_avx2[2], tide__norm_avx512[2];        /* float32, float64 */

void tide__norm(int dtype, const tide__Norm *t);
void tide__norm_backward(int dtype, const tide__Norm *t);

#endif
