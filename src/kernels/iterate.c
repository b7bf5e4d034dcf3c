/* The nest of loops around every strided kernel, and copies. */
#include "kernels/kernels.h"

static int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

/* Does dimension a belong outside b? By the first operand that tells them apart. */
static int outside(const tide__Iter *it, int a, int b) {
  for (int k = 0; k < it->nop; k++) {
    int64_t x = magnitude(it->stride[k][a]), y = magnitude(it->stride[k][b]);
    if (x == 0 || y == 0) continue;               /* broadcast: this operand has no opinion */
    if (x != y) return x > y;
  }
  return a < b;
}

static void swap_dims(tide__Iter *it, int a, int b) {
  int64_t t = it->shape[a]; it->shape[a] = it->shape[b]; it->shape[b] = t;
  for (int k = 0; k < it->nop; k++) { t = it->stride[k][a]; it->stride[k][a] = it->stride[k][b]; it->stride[k][b] = t; }
}

void tide__iter_init(tide__Iter *it, int nd, const int64_t *shape, int nop, const int64_t *const *strides, const size_t *size) {
  int n = 0;
  it->nop = nop;
  for (int d = 0; d < nd; d++) {
    if (shape[d] == 1) continue;
    it->shape[n] = shape[d];
    for (int k = 0; k < nop; k++) it->stride[k][n] = strides[k][d] * (int64_t)size[k];
    n++;
  }
  for (int i = 1; i < n; i++)                      /* insertion sort: few dimensions, mostly in order */
    for (int j = i; j > 0 && !outside(it, j - 1, j); j--) swap_dims(it, j - 1, j);
  int m = 0;
  for (int d = 1; d < n; d++) {
    int fits = 1;
    for (int k = 0; k < nop; k++) fits &= it->stride[k][m] == it->stride[k][d] * it->shape[d];
    if (fits) it->shape[m] *= it->shape[d];
    else it->shape[++m] = it->shape[d];
    for (int k = 0; k < nop; k++) it->stride[k][m] = it->stride[k][d];
  }
  it->nd = n ? m + 1 : 0;
}

void tide__iterate(const tide__Iter *it, char *const *data, tide__Loop loop, const double *param) {
  char *p[TIDE_MAXOPERANDS];
  int64_t s[TIDE_MAXOPERANDS] = {0}, index[TIDE_MAXDIM] = {0};
  for (int d = 0; d < it->nd; d++) if (it->shape[d] == 0) return;
  for (int k = 0; k < it->nop; k++) p[k] = data[k];
  if (it->nd == 0) { loop(1, p, s, param); return; }
  int last = it->nd - 1;
  for (int k = 0; k < it->nop; k++) s[k] = it->stride[k][last];
  for (;;) {
    loop(it->shape[last], p, s, param);
    int d = last - 1;
    for (; d >= 0; d--) {
      for (int k = 0; k < it->nop; k++) p[k] += it->stride[k][d];
      if (++index[d] < it->shape[d]) break;
      for (int k = 0; k < it->nop; k++) p[k] -= it->stride[k][d] * it->shape[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}


/* {======================== copies ======================== */

/* Floats become integers by cutting, with what does not fit as the lowest value, as x86 does it. */
static inline int64_t cut(double v) { return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN; }

#define AS_FLOAT32(v) (float)(v)
#define AS_FLOAT64(v) (double)(v)
#define AS_BOOL(v)    (uint8_t)((v) != 0)
#define FROM_FLOAT(T, v) (T)cut((double)(v))
#define COPY(C1, T1, N1, C2, T2, N2, E) \
  static void copy_##N1##_##N2(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    if (s[0] == sizeof(T1) && s[1] == sizeof(T2)) { \
      T1 *o = (T1 *)p[0]; const T2 *a = (const T2 *)p[1]; \
      for (int64_t i = 0; i < n; i++) { T2 v = a[i]; o[i] = E; } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { T2 v = *(const T2 *)(p[1] + i * s[1]); *(T1 *)(p[0] + i * s[0]) = E; } \
  }
#define TO_FLOAT32(C, T, N) COPY(FLOAT32, float, float32, C, T, N, (float)v)
#define TO_FLOAT64(C, T, N) COPY(FLOAT64, double, float64, C, T, N, (double)v)
#define TO_BOOL(C, T, N)    COPY(BOOL, uint8_t, bool, C, T, N, (uint8_t)(v != 0))
TIDE_DTYPES(TO_FLOAT32)
TIDE_DTYPES(TO_FLOAT64)
TIDE_DTYPES(TO_BOOL)
#define INTEGER_TARGETS(X) X(INT64, int64_t, int64) X(INT32, int32_t, int32) X(INT16, int16_t, int16) X(INT8, int8_t, int8) X(UINT8, uint8_t, uint8)
#define FROM_F32(C, T, N)  COPY(C, T, N, FLOAT32, float, float32, (T)cut((double)v))
#define FROM_F64(C, T, N)  COPY(C, T, N, FLOAT64, double, float64, (T)cut(v))
#define FROM_I64(C, T, N)  COPY(C, T, N, INT64, int64_t, int64, (T)v)
#define FROM_I32(C, T, N)  COPY(C, T, N, INT32, int32_t, int32, (T)v)
#define FROM_I16(C, T, N)  COPY(C, T, N, INT16, int16_t, int16, (T)v)
#define FROM_I8(C, T, N)   COPY(C, T, N, INT8, int8_t, int8, (T)v)
#define FROM_U8(C, T, N)   COPY(C, T, N, UINT8, uint8_t, uint8, (T)v)
#define FROM_BOOL(C, T, N) COPY(C, T, N, BOOL, uint8_t, bool, (T)v)
INTEGER_TARGETS(FROM_F32) INTEGER_TARGETS(FROM_F64) INTEGER_TARGETS(FROM_I64) INTEGER_TARGETS(FROM_I32)
INTEGER_TARGETS(FROM_I16) INTEGER_TARGETS(FROM_I8) INTEGER_TARGETS(FROM_U8) INTEGER_TARGETS(FROM_BOOL)

#define ROW_OF(N) {copy_##N##_float32, copy_##N##_float64, copy_##N##_int64, copy_##N##_int32, copy_##N##_int16, copy_##N##_int8, copy_##N##_uint8, copy_##N##_bool}
static const tide__Loop copies[TIDE_NDTYPES][TIDE_NDTYPES] = {
  ROW_OF(float32), ROW_OF(float64), ROW_OF(int64), ROW_OF(int32), ROW_OF(int16), ROW_OF(int8), ROW_OF(uint8), ROW_OF(bool)};

tide__Loop tide__copy_loop(int to, int from) { return copies[to][from]; }

static void copy_bytes(int64_t n, char *const *p, const int64_t *s, const double *param) {
  (void)s;
  memcpy(p[0], p[1], (size_t)n * (size_t)param[0]);
}

void tide__copy(int nd, const int64_t *shape, int to, void *out, const int64_t *out_strides, int from, const void *in, const int64_t *in_strides) {
  tide__Iter it;
  const int64_t *strides[2] = {out_strides, in_strides};
  size_t size[2] = {tide__size[to], tide__size[from]};
  char *data[2] = {out, (char *)(uintptr_t)in};
  tide__iter_init(&it, nd, shape, 2, strides, size);
  int last = it.nd - 1;
  double bytes = (double)size[0];
  if (to == from && last >= 0 && it.stride[0][last] == (int64_t)size[0] && it.stride[1][last] == (int64_t)size[1]) tide__iterate(&it, data, copy_bytes, &bytes);
  else tide__iterate(&it, data, copies[to][from], NULL);
}

/* n elements in a row, the first from p[1], the others from what is there, doubling it up to a block that stays in the cache. */
static void fill_row(int64_t n, char *const *p, const int64_t *s, const double *param) {
  (void)param;
  size_t all = (size_t)(n * s[0]), done = (size_t)s[0];
  memcpy(p[0], p[1], done);
  for (size_t block; done < all; done += block) {
    block = done < 8192 ? done : 8192 / (size_t)s[0] * (size_t)s[0];
    if (block > all - done) block = all - done;
    memcpy(p[0] + done, p[0], block);
  }
}

void tide__fill(int nd, const int64_t *shape, int dtype, void *out, const int64_t *strides, const void *value) {
  static const int64_t still[TIDE_MAXDIM];
  tide__Iter it;
  const int64_t *both[2] = {strides, still};
  size_t w = tide__size[dtype];
  char *data[2] = {out, (char *)(uintptr_t)value};
  tide__iter_init(&it, nd, shape, 2, both, (size_t[]){w, w});
  int row = it.nd > 0 && it.stride[0][it.nd - 1] == (int64_t)w && it.shape[it.nd - 1] > 8;
  tide__iterate(&it, data, row ? fill_row : copies[dtype][dtype], NULL);
}

#define SERIAL_ADD(C, T, N) \
  static void serial_add_##N(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    for (int64_t i = 0; i < n; i++) *(T *)(p[0] + i * s[0]) = (T)(*(T *)(p[0] + i * s[0]) + *(const T *)(p[2] + i * s[2])); \
  }
TIDE_DTYPES(SERIAL_ADD)
#define SERIAL_ENTRY(C, T, N) serial_add_##N,
tide__Loop tide__serial_add(int dtype) {
  static const tide__Loop loops[TIDE_NDTYPES] = {TIDE_DTYPES(SERIAL_ENTRY)};
  return loops[dtype];
}

/* }========================================================= */
