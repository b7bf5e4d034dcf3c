/* Moving elements, by their width alone, and converting them: loops per instruction-set level (move_loops.h). */
#ifndef TIDE_KERNELS_MOVE_H
#define TIDE_KERNELS_MOVE_H

#include "kernels/kernels.h"

/* m rows of n elements of one width, from one place to another at any strides (bytes): rs from row to row, cs along a row. */
typedef void (*tide__Move)(int64_t m, int64_t n, char *to, int64_t to_rs, int64_t to_cs, const char *from, int64_t from_rs, int64_t from_cs);
/* m rows of n elements, each row in order, of memory in which the columns are in order: from_cs is the step from one to the next. */
typedef void (*tide__Transpose)(int64_t m, int64_t n, char *to, int64_t to_rs, const char *from, int64_t from_cs);

/* A tile of what lies across: so many bytes in a row of the source (a few lines of the cache, which it fetches ahead), and so many such rows, columns of
** the result. */
#define TIDE_TILE_LINE    256
#define TIDE_TILE_COLUMNS 64

typedef struct tide__Moves {
  tide__Move move[4];                    /* of 1, 2, 4, 8 bytes */
  tide__Transpose transpose[4];
  tide__Loop convert[TIDE_NDTYPES][TIDE_NDTYPES];       /* to, from; the base has all */
} tide__Moves;
extern const tide__Moves tide__moves_base, tide__moves_avx2, tide__moves_avx512;

const tide__Moves *tide__moves(void);
/* The place of a width in the tables. */
static inline int tide__width(size_t bytes) { return bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3; }

#endif
