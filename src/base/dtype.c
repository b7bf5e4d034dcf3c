#include "base/dtype.h"

#include <math.h>

#define SIZE(C, T, N) sizeof(T),
const uint8_t tide__size[TIDE_NDTYPES] = {TIDE_DTYPES(SIZE)};

#define NAME(C, T, N) #N,
const char *tide_dtype_name(int d) {
  static const char *const names[] = {TIDE_DTYPES(NAME)};
  return d >= 0 && d < TIDE_NDTYPES ? names[d] : "?";
}

size_t tide_dtype_size(int d) { return d >= 0 && d < TIDE_NDTYPES ? tide__size[d] : 0; }
int tide_dtype_is_float(int d) { return d == TIDE_FLOAT32 || d == TIDE_FLOAT64; }

/* Two floats: the wider. A float and anything else: the float. Two integers: the wider; uint8 with int8: int16. */
int tide_promote_types(int a, int b) {
  if (a == b) return a;
  if (tide__is_float(a) || tide__is_float(b)) {
    if (tide__is_float(a) && tide__is_float(b)) return TIDE_FLOAT64;
    return tide__is_float(a) ? a : b;
  }
  if (a == TIDE_BOOL) return b;
  if (b == TIDE_BOOL) return a;
  if ((a == TIDE_UINT8 && b == TIDE_INT8) || (a == TIDE_INT8 && b == TIDE_UINT8)) return TIDE_INT16;
  return tide__size[a] >= tide__size[b] ? a : b;
}

/* A double as an integer without undefined behaviour. */
static int64_t to_integer(double v) {
  if (isnan(v)) return INT64_MIN;
  if (v >= 0x1p63) return INT64_MIN;
  if (v < -0x1p63) return INT64_MIN;
  return (int64_t)v;
}

double tide__read(int dtype, const void *p) {
  switch (dtype) {
#define CASE(C, T, N) case TIDE_##C: return (double)*(const T *)p;
    TIDE_DTYPES(CASE)
#undef CASE
  }
  return 0;
}

int64_t tide__read_integer(int dtype, const void *p) {
  switch (dtype) {
    case TIDE_FLOAT32: return to_integer(*(const float *)p);
    case TIDE_FLOAT64: return to_integer(*(const double *)p);
    case TIDE_INT64: return *(const int64_t *)p;
    case TIDE_INT32: return *(const int32_t *)p;
    case TIDE_INT16: return *(const int16_t *)p;
    case TIDE_INT8: return *(const int8_t *)p;
    default: return *(const uint8_t *)p;
  }
}

void tide__write(int dtype, void *p, double v) {
  switch (dtype) {
    case TIDE_FLOAT32: *(float *)p = (float)v; break;
    case TIDE_FLOAT64: *(double *)p = v; break;
    case TIDE_BOOL: *(uint8_t *)p = v != 0; break;
    default: tide__write_integer(dtype, p, to_integer(v));
  }
}

void tide__write_integer(int dtype, void *p, int64_t v) {
  switch (dtype) {
    case TIDE_FLOAT32: *(float *)p = (float)v; break;
    case TIDE_FLOAT64: *(double *)p = (double)v; break;
    case TIDE_INT64: *(int64_t *)p = v; break;
    case TIDE_INT32: *(int32_t *)p = (int32_t)v; break;
    case TIDE_INT16: *(int16_t *)p = (int16_t)v; break;
    case TIDE_INT8: *(int8_t *)p = (int8_t)v; break;
    case TIDE_UINT8: *(uint8_t *)p = (uint8_t)v; break;
    case TIDE_BOOL: *(uint8_t *)p = v != 0; break;
  }
}
