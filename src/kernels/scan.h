/*
** Scans: results that build up along one dimension. A chunk is n lines side by side, each of m steps; p are the first elements of the first
** line, s the strides from line to line, t those from step to step (negative: backwards), in bytes. Floats build up in double, integers
** in int64 (extremes in the dtype).
*/
#ifndef TIDE_KERNELS_SCAN_H
#define TIDE_KERNELS_SCAN_H

#include "kernels/reduce.h"

/* `first` is the place of a line's first element. */
typedef void (*tide__Scan)(int64_t m, int64_t n, char *const *p, const int64_t *s, const int64_t *t, int64_t first);

/* SUM, PRODUCT: x, y. MAX, MIN: x, y, and the place of the extreme (int64, counted from `first`; the last among equals). LOGSUM: x, y with e^y the sum of
** e^x; floats. LINEAR: b, a, y with y_j = b_j + a_j y_(j-1), a of the first step not read; floats. */
enum { SCAN_SUM, SCAN_PRODUCT, SCAN_MAX, SCAN_MIN, SCAN_LOGSUM, SCAN_LINEAR, TIDE_SCANS };
typedef const tide__Scan tide__ScanTable[TIDE_SCANS][TIDE_NDTYPES];
extern tide__ScanTable tide__scans_base, tide__scans_avx2, tide__scans_avx512;

tide__Scan tide__scan(int scan, int dtype);

#endif
