/*
** Loops over the channels of one sample: x is [channels, n] in contiguous memory, and every channel has its own numbers. What batch and group
** normalisation are made of, per dtype T and instruction-set level (channels_loops.h). Sums are of double.
*/
#ifndef TIDE_KERNELS_CHANNELS_H
#define TIDE_KERNELS_CHANNELS_H

#include "kernels/kernels.h"

typedef struct tide__Channels {
  /* to[c] = values[g] by[c], or values[g] where by is NULL: g is the group of the channel c, `each` channels are one */
  void (*spread)(int64_t groups, int64_t each, const double *values, const double *by, void *to);
  /* with d = x - mean[c]: first[c] += sum d, second[c] += sum d^2 */
  void (*moments)(int64_t channels, int64_t n, const void *x, const void *mean, double *first, double *second);
  /* first[c] += sum g, second[c] += sum g d */
  void (*products)(int64_t channels, int64_t n, const void *x, const void *mean, const void *g, double *first, double *second);
  /* to = p[c] d + q[c] */
  void (*affine)(int64_t channels, int64_t n, const void *x, const void *mean, const void *p, const void *q, void *to);
  /* to = p[c] g + q[c] d + r[c] */
  void (*combine)(int64_t channels, int64_t n, const void *x, const void *mean, const void *g, const void *p, const void *q, const void *r, void *to);
} tide__Channels;                                           /* mean, p, q, r are of T */

extern const tide__Channels tide__channels_base[2], tide__channels_avx2[2], tide__channels_avx512[2];        /* float32, float64 */

const tide__Channels *tide__channels(int dtype);

#endif
