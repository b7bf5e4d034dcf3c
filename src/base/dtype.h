/* Dtypes: sizes, names, kinds, promotion; reading and writing one element of any of them. */
#ifndef TIDE_BASE_DTYPE_H
#define TIDE_BASE_DTYPE_H

#include "tide.h"

/* X(CONSTANT, C type, name), in the order of the enumeration in tide.h */
#define TIDE_DTYPES(X) \
  X(FLOAT32, float, float32) X(FLOAT64, double, float64) X(INT64, int64_t, int64) X(INT32, int32_t, int32) \
  X(INT16, int16_t, int16) X(INT8, int8_t, int8) X(UINT8, uint8_t, uint8) X(BOOL, uint8_t, bool)

extern const uint8_t tide__size[TIDE_NDTYPES];          /* bytes of an element */

static inline int tide__is_float(int d) { return d <= TIDE_FLOAT64; }
static inline int tide__kind(int d) { return d <= TIDE_FLOAT64 ? 2 : d == TIDE_BOOL ? 0 : 1; }     /* bool < integer < float */

double tide__read(int dtype, const void *p);
int64_t tide__read_integer(int dtype, const void *p);   /* floats are cut towards zero, saturating; bool 0 or 1 */
void tide__write(int dtype, void *p, double v);
void tide__write_integer(int dtype, void *p, int64_t v);

#endif
