/* Indexing: the loops of index_loops.h, per instruction-set level. */
#ifndef TIDE_KERNELS_INDEX_H
#define TIDE_KERNELS_INDEX_H

#include "kernels/kernels.h"

typedef struct tide__Indexing {
  int (*offsets)(int64_t n, const int64_t *position, int64_t size, int64_t base, int64_t behind, int64_t step, int64_t *offset);     /* 1: some are out of range */
  tide__Loop pick[4], place[4], fill_masked[4];        /* of 1, 2, 4, 8 bytes */
} tide__Indexing;
extern const tide__Indexing tide__indexing_base, tide__indexing_avx2, tide__indexing_avx512;

#endif
