/*
** Sums in a fixed order: blocks of 128 elements in eight lanes, blocks added pairwise, so the error grows with the logarithm of the
** length and does not depend on the number of threads.
*/
#include "kernels/kernels.h"

#define BLOCK 128

#define PAIRWISE(N, T) \
  static double block_##N(int64_t n, const char *p, int64_t stride) { \
    double lane[8] = {0}, rest = 0; \
    int64_t i = 0; \
    if (stride == sizeof(T)) { const T *a = (const T *)p; for (; i + 8 <= n; i += 8) for (int j = 0; j < 8; j++) lane[j] += (double)a[i + j]; } \
    else for (; i + 8 <= n; i += 8) for (int j = 0; j < 8; j++) lane[j] += (double)*(const T *)(p + (i + j) * stride); \
    for (; i < n; i++) rest += (double)*(const T *)(p + i * stride); \
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7])) + rest; \
  } \
  double tide__sum_##N(int64_t n, const char *p, int64_t stride) { \
    if (n <= BLOCK) return block_##N(n, p, stride); \
    int64_t half = (n / 2 + BLOCK - 1) / BLOCK * BLOCK; \
    return tide__sum_##N(half, p, stride) + tide__sum_##N(n - half, p + half * stride, stride); \
  }

PAIRWISE(f32, float)
PAIRWISE(f64, double)
