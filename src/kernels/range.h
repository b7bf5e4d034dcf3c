/* Ranges: elements begin .. end - 1 of n, per dtype and instruction-set level (range_loops.h). */
#ifndef TIDE_KERNELS_RANGE_H
#define TIDE_KERNELS_RANGE_H

#include "kernels/kernels.h"

typedef struct tide__Range { int64_t n; double start, end, step; int64_t first, by; void *to; } tide__Range;       /* first, by: of integers */

typedef void (*tide__RangeFunction)(const tide__Range *r, int64_t begin, int64_t end);
/* steps: start + i step; spaced: n numbers from start to end. begin is a multiple of 16. */
typedef struct tide__Ranges { tide__RangeFunction steps[3], spaced[2]; } tide__Ranges;              /* float32, float64, int64 */
extern const tide__Ranges tide__ranges_base, tide__ranges_avx2, tide__ranges_avx512;

void tide__range(int dtype, const tide__Range *r);
void tide__spaced(int dtype, const tide__Range *r);

#endif
