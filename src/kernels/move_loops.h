/*
** The loops of move.h, compiled once per instruction-set level: the level's file defines LEVEL (LEVEL_ALL for the base, WIDE for those
** with vectors of 32 bytes) and includes this.
**
** A transpose goes through registers, a block of LANES columns at a time: vectors of the same columns of many rows, interleaved
** log2 LANES times, are those columns. A vector of 32 bytes holds 16 of one row and 16 of a later one; interleaving
** stays within each half.
*/
#include "kernels/move.h"

#if defined(__clang__)
#define NO_DEPENDENCE _Pragma("clang loop vectorize(assume_safety)")
#else
#define NO_DEPENDENCE _Pragma("GCC ivdep")       /* the two sides are apart */
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define TO(T, j)    (*(T *)(to + (j) * to_cs))
#define FROM(T, j)  (*(const T *)(from + (j) * from_cs))

/* {======================== moves ======================== */

/* Up to 64 bytes by two moves that overlap, or a few. */
#define TWO(T) { T a, b; memcpy(&a, from, sizeof a); memcpy(&b, from + n - sizeof b, sizeof b); memcpy(to, &a, sizeof a); memcpy(to + n - sizeof b, &b, sizeof b); }
typedef struct Sixteen { uint64_t a, b; } Sixteen;
typedef struct ThirtyTwo { Sixteen a, b; } ThirtyTwo;
#define EACH_ROW for (int64_t i = 0; i < m; i++, to += to_rs, from += from_rs)

static void rows(int64_t m, size_t n, char *to, int64_t to_rs, const char *from, int64_t from_rs) {
  if (n > 64) EACH_ROW memcpy(to, from, n);
  else if (n >= 32) EACH_ROW TWO(ThirtyTwo)
  else if (n >= 16) EACH_ROW TWO(Sixteen)
  else if (n >= 8) EACH_ROW TWO(uint64_t)
  else if (n >= 4) EACH_ROW TWO(uint32_t)
  else EACH_ROW for (size_t j = 0; j < n; j++) to[j] = from[j];
}

#define MOVE(T) \
  static void move_##T(int64_t m, int64_t n, char *to, int64_t to_rs, int64_t to_cs, const char *from, int64_t from_rs, int64_t from_cs) { \
    const int64_t w = sizeof(T); \
    if (to_cs != w) { EACH_ROW for (int64_t j = 0; j < n; j++) TO(T, j) = FROM(T, j); } \
    else if (from_cs == w) rows(m, (size_t)(n * w), to, to_rs, from, from_rs); \
    else if (from_cs == 0) { EACH_ROW { T *o = (T *)to; const T v = *(const T *)from; NO_DEPENDENCE for (int64_t j = 0; j < n; j++) o[j] = v; } } \
    else if (from_cs == -w) { EACH_ROW { T *o = (T *)to; const T *x = (const T *)from; NO_DEPENDENCE for (int64_t j = 0; j < n; j++) o[j] = x[-j]; } } \
    else if (from_cs == 2 * w) { EACH_ROW { T *o = (T *)to; const T *x = (const T *)from; NO_DEPENDENCE for (int64_t j = 0; j < n; j++) o[j] = x[2 * j]; } } \
    else { EACH_ROW { T *o = (T *)to; NO_DEPENDENCE for (int64_t j = 0; j < n; j++) o[j] = FROM(T, j); } } \
  }
MOVE(uint8_t) MOVE(uint16_t) MOVE(uint32_t) MOVE(uint64_t)

/* }========================================================= */


/* {======================== transposes ======================== */

#define VECTOR(T, bytes) T __attribute__((vector_size(bytes)))
typedef VECTOR(uint8_t, 16) V1;
typedef VECTOR(uint16_t, 16) V2;
typedef VECTOR(uint32_t, 16) Half4;
typedef VECTOR(uint64_t, 16) Half8;
#define LOW_1(a, b)  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_1(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define LOW_2(a, b)  __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_2(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#if defined(WIDE)
typedef VECTOR(uint32_t, 32) V4;
typedef VECTOR(uint64_t, 32) V8;
#define LOW_4(a, b)  __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH_4(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define LOW_8(a, b)  __builtin_shufflevector(a, b, 0, 4, 2, 6)
#define HIGH_8(a, b) __builtin_shufflevector(a, b, 1, 5, 3, 7)
static inline V4 load_4(const char *p, int64_t far) {
  Half4 a, b;
  memcpy(&a, p, 16);
  memcpy(&b, p + far, 16);
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
}
static inline V8 load_8(const char *p, int64_t far) {
  Half8 a, b;
  memcpy(&a, p, 16);
  memcpy(&b, p + far, 16);
  return __builtin_shufflevector(a, b, 0, 1, 2, 3);
}
#else
typedef Half4 V4;
typedef Half8 V8;
#define LOW_4(a, b)  __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH_4(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LOW_8(a, b)  __builtin_shufflevector(a, b, 0, 2)
#define HIGH_8(a, b) __builtin_shufflevector(a, b, 1, 3)
static inline V4 load_4(const char *p, int64_t far) { V4 v; (void)far; memcpy(&v, p, 16); return v; }
static inline V8 load_8(const char *p, int64_t far) { V8 v; (void)far; memcpy(&v, p, 16); return v; }
#endif
static inline V1 load_1(const char *p, int64_t far) { V1 v; (void)far; memcpy(&v, p, 16); return v; }
static inline V2 load_2(const char *p, int64_t far) { V2 v; (void)far; memcpy(&v, p, 16); return v; }

/* What no block covers: the longer way inside. */
#define REST(T) \
  static void rest_##T(int64_t i0, int64_t i1, int64_t j0, int64_t j1, char *to, int64_t to_rs, const char *from, int64_t from_cs) { \
    if (i1 - i0 > j1 - j0) { \
      for (int64_t j = j0; j < j1; j++) for (int64_t i = i0; i < i1; i++) *(T *)(to + i * to_rs + j * (int64_t)sizeof(T)) = *(const T *)(from + j * from_cs + i * (int64_t)sizeof(T)); \
    } \
    else for (int64_t i = i0; i < i1; i++) for (int64_t j = j0; j < j1; j++) *(T *)(to + i * to_rs + j * (int64_t)sizeof(T)) = *(const T *)(from + j * from_cs + i * (int64_t)sizeof(T)); \
  }

/* W: bytes of an element; ALL: elements of a vector, that many rows make a block; LANES: of them in 16 bytes. */
#define TRANSPOSE(T, W, LANES) \
  REST(T) \
  static void transpose_##T(int64_t m, int64_t n, char *to, int64_t to_rs, const char *from, int64_t from_cs) { \
    enum { ALL = sizeof(V##W) / W }; \
    int64_t mm = m - m % LANES, nn = n - n % ALL; \
    for (int64_t line = 0; line < nn; line += 64 / W) \
      for (int64_t i = 0; i < mm; i += LANES) \
        for (int64_t j = line; j < nn && j < line + 64 / W; j += ALL) { \
          V##W a[LANES], b[LANES]; \
          const char *p = from + j * from_cs + i * W; \
          for (int k = 0; k < LANES; k++) a[k] = load_##W(p + k * from_cs, LANES * from_cs); \
          for (int round = 1; round < LANES; round *= 2) { \
            for (int k = 0; k < LANES / 2; k++) { b[2 * k] = LOW_##W(a[k], a[k + LANES / 2]); b[2 * k + 1] = HIGH_##W(a[k], a[k + LANES / 2]); } \
            for (int k = 0; k < LANES; k++) a[k] = b[k]; \
          } \
          for (int k = 0; k < LANES; k++) memcpy(to + (i + k) * to_rs + j * W, &a[k], sizeof a[k]); \
        } \
    if (nn < n) rest_##T(0, m, nn, n, to, to_rs, from, from_cs); \
    if (mm < m) rest_##T(mm, m, 0, nn, to, to_rs, from, from_cs); \
  }
TRANSPOSE(uint8_t, 1, 16) TRANSPOSE(uint16_t, 2, 8) TRANSPOSE(uint32_t, 4, 4) TRANSPOSE(uint64_t, 8, 2)

/* }========================================================= */


/* {======================== conversions ======================== */

/* Floats become integers by cutting, with what does not fit as the lowest value, as x86 does it. */
static inline int64_t cut(double v) { return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN; }

#define CONVERT(N1, T1, N2, T2, E) \
  static void convert_##N1##_##N2(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    if (s[0] == sizeof(T1) && s[1] == sizeof(T2)) { \
      T1 *o = (T1 *)p[0]; const T2 *a = (const T2 *)p[1]; \
      NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { T2 v = a[i]; o[i] = (T1)(E); } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { T2 v = *(const T2 *)(p[1] + i * s[1]); *(T1 *)(p[0] + i * s[0]) = (T1)(E); } \
  }
#if defined(LEVEL_ALL)
#define INTEGERS(X) X(INT64, int64_t, int64) X(INT32, int32_t, int32) X(INT16, int16_t, int16) X(INT8, int8_t, int8) X(UINT8, uint8_t, uint8)
#else
#define INTEGERS(X) X(INT64, int64_t, int64) X(INT32, int32_t, int32) X(UINT8, uint8_t, uint8)
#endif
#define EVERY(X) X(FLOAT32, float, float32) X(FLOAT64, double, float64) INTEGERS(X) X(BOOL, uint8_t, bool)

#define TO_FLOAT32(C, T, N) CONVERT(float32, float, N, T, v)
#define TO_FLOAT64(C, T, N) CONVERT(float64, double, N, T, v)
#define TO_BOOL(C, T, N)    CONVERT(bool, uint8_t, N, T, v != 0)
EVERY(TO_FLOAT32)
EVERY(TO_FLOAT64)
EVERY(TO_BOOL)
#define FROM_FLOAT32(C, T, N) CONVERT(N, T, float32, float, cut((double)v))
#define FROM_FLOAT64(C, T, N) CONVERT(N, T, float64, double, cut(v))
#define FROM_INT64(C, T, N)   CONVERT(N, T, int64, int64_t, v)
#define FROM_INT32(C, T, N)   CONVERT(N, T, int32, int32_t, v)
#define FROM_INT16(C, T, N)   CONVERT(N, T, int16, int16_t, v)
#define FROM_INT8(C, T, N)    CONVERT(N, T, int8, int8_t, v)
#define FROM_UINT8(C, T, N)   CONVERT(N, T, uint8, uint8_t, v)
#define FROM_BOOL(C, T, N)    CONVERT(N, T, bool, uint8_t, v)
INTEGERS(FROM_FLOAT32) INTEGERS(FROM_FLOAT64) INTEGERS(FROM_INT64) INTEGERS(FROM_INT32) INTEGERS(FROM_UINT8) INTEGERS(FROM_BOOL)
#if defined(LEVEL_ALL)
INTEGERS(FROM_INT16) INTEGERS(FROM_INT8)
#endif

#define ENTRY_FLOAT32(C, T, N) [TIDE_##C] = convert_float32_##N,
#define ENTRY_FLOAT64(C, T, N) [TIDE_##C] = convert_float64_##N,
#define ENTRY_INT64(C, T, N)   [TIDE_##C] = convert_int64_##N,
#define ENTRY_INT32(C, T, N)   [TIDE_##C] = convert_int32_##N,
#define ENTRY_INT16(C, T, N)   [TIDE_##C] = convert_int16_##N,
#define ENTRY_INT8(C, T, N)    [TIDE_##C] = convert_int8_##N,
#define ENTRY_UINT8(C, T, N)   [TIDE_##C] = convert_uint8_##N,
#define ENTRY_BOOL(C, T, N)    [TIDE_##C] = convert_bool_##N,

/* }========================================================= */


const tide__Moves PASTE(tide__moves, LEVEL) = {
  .move = {move_uint8_t, move_uint16_t, move_uint32_t, move_uint64_t},
  .transpose = {transpose_uint8_t, transpose_uint16_t, transpose_uint32_t, transpose_uint64_t},
  .convert = {
    [TIDE_FLOAT32] = {EVERY(ENTRY_FLOAT32)}, [TIDE_FLOAT64] = {EVERY(ENTRY_FLOAT64)}, [TIDE_INT64] = {EVERY(ENTRY_INT64)}, [TIDE_INT32] = {EVERY(ENTRY_INT32)},
#if defined(LEVEL_ALL)
    [TIDE_INT16] = {EVERY(ENTRY_INT16)}, [TIDE_INT8] = {EVERY(ENTRY_INT8)},
#endif
    [TIDE_UINT8] = {EVERY(ENTRY_UINT8)}, [TIDE_BOOL] = {EVERY(ENTRY_BOOL)}}};
