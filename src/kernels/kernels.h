/*
** Kernels: loops over raw memory. No tensors here. Strides inside kernels count bytes.
*/
#ifndef TIDE_KERNELS_KERNELS_H
#define TIDE_KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/dtype.h"

#define TIDE_MAXOPERANDS 6                /* of one pointwise call, the output first */

/* n elements: p[0] the output, p[1..] the inputs, s their byte strides, `param` the operator's numbers. */
typedef void (*tide__Loop)(int64_t n, char *const *p, const int64_t *s, const double *param);

/* The rows of pointwise.def, numbered by the table itself. */
enum {
#define UNARY(name, ...)      ROW_##name,
#define UNARYP(name, ...)     ROW_##name,
#define BINARY(name, ...)     ROW_##name,
#define BINARYP(name, ...)    ROW_##name,
#define TERNARY(name, ...)    ROW_##name,
#define PREDICATE1(name, ...) ROW_##name,
#define PREDICATE(name, ...)  ROW_##name,
#include "ops/pointwise.def"
#include "ops/undef.h"
  TIDE_ROWS
};

/* One table per instruction-set level: base has every dtype, the others what gains from them. */
typedef const tide__Loop tide__LoopTable[TIDE_NDTYPES];
extern tide__LoopTable tide__loops_base[TIDE_ROWS];
extern tide__LoopTable tide__loops_avx2[TIDE_ROWS];
extern tide__LoopTable tide__loops_avx512[TIDE_ROWS];

/* The loop for a row and the dtype it computes in; NULL if there is none. The level is chosen once per process. */
tide__Loop tide__loop(int row, int dtype);
/* "base", "avx2", "avx512" */
const char *tide__isa(void);

/* A nest of dimensions over up to TIDE_MAXOPERANDS operands: those of length 1 dropped, the rest sorted (innermost last, by the
** output's strides) and merged where all operands allow. */
typedef struct tide__Iter {
  int nd, nop;
  int64_t shape[TIDE_MAXDIM];
  int64_t stride[TIDE_MAXOPERANDS][TIDE_MAXDIM];
} tide__Iter;

/* strides[k] are operand k's, in elements of size[k] bytes, aligned with shape. */
void tide__iter_init(tide__Iter *it, int nd, const int64_t *shape, int nop, const int64_t *const *strides, const size_t *size);
void tide__iterate(const tide__Iter *it, char *const *data, tide__Loop loop, const double *param);

/* Copies with conversion: out[i] = in[i]. */
tide__Loop tide__copy_loop(int to, int from);
/* n-dimensional copy with conversion; strides in elements. */
void tide__copy(int nd, const int64_t *shape, int to, void *out, const int64_t *out_strides, int from, const void *in, const int64_t *in_strides);
/* out += in, one element after the other: places may be named twice. (p[1] is the output again.) */
tide__Loop tide__serial_add(int dtype);
/* Every element set to the one at `value` (of the same dtype). */
void tide__fill(int nd, const int64_t *shape, int dtype, void *out, const int64_t *strides, const void *value);

/* Sum of n elements at a byte stride, blocked pairwise in a fixed order; float32 accumulates in float32 lanes, blocks in double. */
double tide__sum_f32(int64_t n, const char *p, int64_t stride);
double tide__sum_f64(int64_t n, const char *p, int64_t stride);

/*
** C[M,N] = A[M,K] B[K,N], row-major C with leading dimension ldc. A and B are given by element strides of rows and columns; any strides will
** do, those with a unit stride are read in place. float32, float64 and all integers (bool: logical). `scratch` must have
** room for tide__gemm_scratch(...) bytes.
*/
size_t tide__gemm_scratch(int dtype, int64_t m, int64_t n, int64_t k, int64_t a_row, int64_t a_col, int64_t b_row, int64_t b_col);
void tide__gemm(int dtype, int64_t m, int64_t n, int64_t k, const void *a, int64_t a_row, int64_t a_col, const void *b, int64_t b_row, int64_t b_col,
                void *c, int64_t ldc, void *scratch);

#endif
