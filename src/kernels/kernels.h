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
#define CHOICE(name, ...)     ROW_##name,
#define FACE(...)
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

/* The loop for a row and the dtype it computes in; NULL if there is none. */
tide__Loop tide__loop(int row, int dtype);
/* The level of instruction sets, chosen once per process, and what belongs to it of tables that there are for each: AT_LEVEL(tide__moves) is
** tide__moves_base, tide__moves_avx2 or tide__moves_avx512. */
enum { TIDE_BASE, TIDE_AVX2, TIDE_AVX512 };
int tide__level(void);
#if defined(TIDE_X86)
#define AT_LEVEL(table)  (tide__level() == TIDE_AVX512 ? table##_avx512 : tide__level() == TIDE_AVX2 ? table##_avx2 : table##_base)
#else
#define AT_LEVEL(table)  table##_base
#endif

/* A nest of dimensions over up to TIDE_MAXOPERANDS operands: those of length 1 dropped, the rest sorted (innermost last, by the
** output's strides) and merged where all operands allow. */
typedef struct tide__Iter {
  int nd, nop;
  uint8_t size[TIDE_MAXOPERANDS];          /* of an element */
  int64_t shape[TIDE_MAXDIM];
  int64_t stride[TIDE_MAXOPERANDS][TIDE_MAXDIM];
} tide__Iter;

/* strides[k] are operand k's, in elements of size[k] bytes, aligned with shape. */
void tide__iter_init(tide__Iter *it, int nd, const int64_t *shape, int nop, const int64_t *const *strides, const size_t *size);
/* Calls the loop along the innermost dimension, in order, on this thread. */
void tide__iterate(const tide__Iter *it, char *const *data, tide__Loop loop, const double *param);
/* The same for a loop that makes each element of operand 0 from the others' alone: in any order, in pieces, on several threads. */
void tide__map(const tide__Iter *it, char *const *data, tide__Loop loop, const double *param);

/* m rows of n elements: rs from row to row, cs along a row, in bytes. */
typedef void (*tide__BlockFunction)(void *arg, int64_t m, int64_t n, char *const *p, const int64_t *rs, const int64_t *cs);
/* Cuts the last two dimensions into blocks of at most `rows` by `columns`, and hands them out in any order, on several threads. row_blocks: some thousand elements
** of whole rows, or one part of a row. */
void tide__blocks(const tide__Iter *it, char *const *data, int64_t rows, int64_t columns, tide__BlockFunction f, void *arg);
void tide__row_blocks(const tide__Iter *it, char *const *data, tide__BlockFunction f, void *arg);
/* The dimension along which operand k's elements are neighbours where operand 0's are so along the last one; -1: there is none, or it is the same. */
int tide__lies_across(const tide__Iter *it, int k);
/* Makes dimension d the last but one. */
void tide__bring_in(tide__Iter *it, int d);

/* Copies with conversion: out[i] = in[i]. */
tide__Loop tide__copy_loop(int to, int from);
/* n-dimensional copy with conversion; strides in elements. */
void tide__copy(int nd, const int64_t *shape, int to, void *out, const int64_t *out_strides, int from, const void *in, const int64_t *in_strides);
/* out += in, one element after the other: places may be named twice. (p[1] is the output again.) */
tide__Loop tide__serial_add(int dtype);
/* Every element set to the one at `value` (of the same dtype). */
void tide__fill(int nd, const int64_t *shape, int dtype, void *out, const int64_t *strides, const void *value);

/* A matrix where it lies: any strides, in elements. */
typedef struct tide__Matrix { const void *data; int64_t row, col; } tide__Matrix;

/*
** C = alpha A B + beta X for each of a list of matrices: A [m, k], B [k, n], C [m, n] contiguous, one behind the other; X [m, n] is not read where beta
** is 0, and may be C. Strides count elements; none costs a copy but what a kernel copies in blocks. `shape` holds the nd
** dimensions of the list, the steps are those of A, B and X along them (0: the same again). All dtypes: integers wrap around, bool is "any of both".
** C shares no memory with A and B. On several threads; the bits do not depend on how many.
** First tide__products_scratch, which says how many bytes tide__products wants (NULL if 0), and how it will go about it.
*/
typedef struct tide__Products {
  int dtype, nd;
  int64_t m, n, k;
  double alpha, beta;
  tide__Matrix a, b, x;
  void *c;
  int64_t shape[TIDE_MAXDIM], a_step[TIDE_MAXDIM], b_step[TIDE_MAXDIM], x_step[TIDE_MAXDIM];
  uint8_t way, turns;                      /* how: filled in */
  int places;
  int64_t matrices, rows, columns, down, across;
  size_t room;
} tide__Products;
size_t tide__products_scratch(tide__Products *p);
void tide__products(const tide__Products *p, void *scratch);

/* Positions, counted from `base` (negative ones, if from_end, from the end), as offsets: each place from 0 times `step`. The number of the first that is not among `size` (0 under base 1
** neither), or -1. offset and position are apart. */
int64_t tide__offsets(int64_t n, const int64_t *position, int64_t size, int base, int from_end, int64_t step, int64_t *offset);
/* out[i, j] = x[position[i, j], j], or with the other dimensions in other places: x's strides are 0 along the dimension of `size` elements, a `step` apart (strides in elements);
** positions lie in order along the last dimension. 0: some are out of range. */
int tide__gather(int dtype, int nd, const int64_t *shape, void *out, const int64_t *out_strides, const int64_t *position, const int64_t *position_strides, const void *x,
                 const int64_t *x_strides, int64_t size, int64_t step, int base);
/*
** Elements named by offsets (kernels/index.c): p[0] int64 byte offsets, p[1] the dense side, p[2] the memory they lead into.
** pick: dense = memory. place: memory = dense. combine: memory = memory + dense (or another way; `from` is `to`, or float32
** into float64). fill_masked: p[0] = p[2] (one element) where p[1] (bool).
*/
enum { TIDE_COMBINE_ADD, TIDE_COMBINE_MULTIPLY, TIDE_COMBINE_MAX, TIDE_COMBINE_MIN };
tide__Loop tide__pick_loop(int dtype);
tide__Loop tide__place_loop(int dtype);
tide__Loop tide__combine_loop(int how, int to, int from);
tide__Loop tide__fill_masked_loop(int dtype);

#endif
