/* The float loops of products, one set per dtype and instruction-set level (gemm_loops.h); gemm.c chooses. */
#ifndef TIDE_KERNELS_GEMM_H
#define TIDE_KERNELS_GEMM_H

#include "kernels/kernels.h"

/* C = alpha A B + beta X, or a part of it. X is read only where beta is not 0; it may be C. Strides count elements. */
typedef struct tide__Part {
  int64_t m, n, k;
  double alpha, beta;
  tide__Matrix a, b, x;
  void *c;
  int64_t c_row, c_col;
} tide__Part;

typedef struct tide__Gemm {
  void (*tiles)(const tide__Part *g, void *scratch);      /* any */
  size_t (*tiles_room)(const tide__Part *g);              /* bytes of scratch */
  void (*dots)(const tide__Part *g, void *scratch);       /* a.col 1; for few columns */
  size_t (*dots_room)(const tide__Part *g);
  void (*sums)(const tide__Part *g);                      /* m 1, b.col 1 */
  int rows, columns;                                      /* of a tile */
} tide__Gemm;

typedef const tide__Gemm tide__GemmTable[2];              /* float32, float64 */
extern tide__GemmTable tide__gemm_base, tide__gemm_avx2, tide__gemm_avx512;

#endif
