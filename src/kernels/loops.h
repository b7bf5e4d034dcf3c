/*
** The loops of every pointwise row, compiled once per instruction-set level: the level's file defines LEVEL (and LEVEL_ALL for
** the base, which has every dtype) and includes this. The loops are plain C that the compiler vectorises; the file's own flags
** (CMakeLists.txt) say for which machine.
**
** UNARY(tanh, FLOAT, v_tanh(x), ...) becomes, for each dtype in FLOAT,
**   static void tanh_float32(int64_t n, char *const *p, const int64_t *s, const double *param)
** whose body reads x, evaluates the row's expression, and stores it; likewise a, b (and c) for two (three) operands.
** P0..P3 in an expression are the operator's numbers. Predicates store 0 or 1.
*/
#include "kernels/kernels.h"
#include "kernels/math.h"

#if defined(__clang__)
#define NO_DEPENDENCE _Pragma("clang loop vectorize(assume_safety)")
#else
#define NO_DEPENDENCE _Pragma("GCC ivdep")     /* the output is an input itself or apart from it, never shifted against it */
#endif

#pragma GCC diagnostic ignored "-Wtype-limits"   /* x < 0 where x is unsigned is fine here */

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define HEAD(name) static void PASTE(name, DTYPE)(int64_t n, char *const *p, const int64_t *s, const double *param)
#define P0 ((T)param[0])
#define P1 ((T)param[1])
#define P2 ((T)param[2])
#define P3 ((T)param[3])
#define C(v) ((T)(v))

#define LOOP1(name, R, E) HEAD(name) { \
    (void)param; \
    if (s[0] == sizeof(R) && s[1] == sizeof(T)) { \
      R *o = (R *)p[0]; const T *px = (const T *)p[1]; \
      NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { T x = px[i]; o[i] = E; } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { T x = *(const T *)(p[1] + i * s[1]); *(R *)(p[0] + i * s[0]) = E; } \
  }

#define LOOP2(name, R, E) HEAD(name) { \
    (void)param; \
    const int64_t w = sizeof(T); \
    if (s[0] == sizeof(R) && (s[1] == w || s[1] == 0) && (s[2] == w || s[2] == 0)) { \
      R *o = (R *)p[0]; const T *pa = (const T *)p[1], *pb = (const T *)p[2]; \
      if (s[1] == w && s[2] == w) { NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { T a = pa[i], b = pb[i]; o[i] = E; } } \
      else if (s[1] == w) { T b = *pb; NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { T a = pa[i]; o[i] = E; } } \
      else if (s[2] == w) { T a = *pa; NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { T b = pb[i]; o[i] = E; } } \
      else { T a = *pa, b = *pb; for (int64_t i = 0; i < n; i++) o[i] = E; } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { T a = *(const T *)(p[1] + i * s[1]), b = *(const T *)(p[2] + i * s[2]); *(R *)(p[0] + i * s[0]) = E; } \
  }

#define LOOP3(name, R, E) HEAD(name) { \
    (void)param; \
    const int64_t w = sizeof(T); \
    if (s[0] == sizeof(R) && s[1] == w && s[2] == w && s[3] == w) { \
      R *o = (R *)p[0]; const T *pa = (const T *)p[1], *pb = (const T *)p[2], *pc = (const T *)p[3]; \
      NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { T a = pa[i], b = pb[i], c = pc[i]; o[i] = E; } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { \
      T a = *(const T *)(p[1] + i * s[1]), b = *(const T *)(p[2] + i * s[2]), c = *(const T *)(p[3] + i * s[3]); \
      *(R *)(p[0] + i * s[0]) = E; \
    } \
  }

#define UNARY(name, set, E, ...)        IN_##set(LOOP1(name, T, STORE(E)))
#define UNARYP(name, public, args, set, E, ...) IN_##set(LOOP1(name, T, STORE(E)))
#define BINARY(name, set, E, ...)       IN_##set(LOOP2(name, T, STORE(E)))
#define BINARYP(name, public, args, set, E, ...) IN_##set(LOOP2(name, T, STORE(E)))
#define TERNARY(name, public, args, set, E, ...) IN_##set(LOOP3(name, T, STORE(E)))
#define PREDICATE1(name, set, E, ...)   IN_##set(LOOP1(name, uint8_t, (E) != 0))
#define PREDICATE(name, set, E, ...)    IN_##set(LOOP2(name, uint8_t, (E) != 0))

/* floats */
#define STORE(E)      (T)(E)
#define IN_FLOAT(X)   X
#define IN_NUM(X)     X
#define IN_ANY(X)     X
#define IN_INT(X)
#define IN_INTBOOL(X)
#define T float
#define DTYPE float32
#include "ops/pointwise.def"
#undef T
#undef DTYPE
#define T double
#define DTYPE float64
#include "ops/pointwise.def"
#undef T
#undef DTYPE
#undef IN_FLOAT
#undef IN_INT
#undef IN_INTBOOL

/* integers */
#define IN_FLOAT(X)
#define IN_INT(X)     X
#define IN_INTBOOL(X) X
#define T int64_t
#define DTYPE int64
#include "ops/pointwise.def"
#undef T
#undef DTYPE
#define T int32_t
#define DTYPE int32
#include "ops/pointwise.def"
#undef T
#undef DTYPE
#ifdef LEVEL_ALL
#define T int16_t
#define DTYPE int16
#include "ops/pointwise.def"
#undef T
#undef DTYPE
#define T int8_t
#define DTYPE int8
#include "ops/pointwise.def"
#undef T
#undef DTYPE
#define T uint8_t
#define DTYPE uint8
#include "ops/pointwise.def"
#undef DTYPE

/* bool: bytes 0 and 1 */
#undef STORE
#undef IN_NUM
#undef IN_INT
#define STORE(E) (T)((E) != 0)
#define IN_NUM(X)
#define IN_INT(X)
#define DTYPE bool
#include "ops/pointwise.def"
#undef T
#undef DTYPE
#endif

#include "ops/undef.h"

/* The table: the dtypes a set names, the rest NULL. */
#define T_FLOAT(name)   [TIDE_FLOAT32] = name##_float32, [TIDE_FLOAT64] = name##_float64,
#define T_WIDE(name)    [TIDE_INT64] = name##_int64, [TIDE_INT32] = name##_int32,
#ifdef LEVEL_ALL
#define T_NARROW(name)  [TIDE_INT16] = name##_int16, [TIDE_INT8] = name##_int8, [TIDE_UINT8] = name##_uint8,
#define T_BOOL(name)    [TIDE_BOOL] = name##_bool,
#else
#define T_NARROW(name)
#define T_BOOL(name)
#endif
#define T_INT(name)     T_WIDE(name) T_NARROW(name)
#define T_INTBOOL(name) T_INT(name) T_BOOL(name)
#define T_NUM(name)     T_FLOAT(name) T_INT(name)
#define T_ANY(name)     T_NUM(name) T_BOOL(name)

#define UNARY(name, set, ...)         [ROW_##name] = {T_##set(name)},
#define UNARYP(name, public, args, set, ...)  [ROW_##name] = {T_##set(name)},
#define BINARY(name, set, ...)        [ROW_##name] = {T_##set(name)},
#define BINARYP(name, public, args, set, ...) [ROW_##name] = {T_##set(name)},
#define TERNARY(name, public, args, set, ...) [ROW_##name] = {T_##set(name)},
#define PREDICATE1(name, set, ...)    [ROW_##name] = {T_##set(name)},
#define PREDICATE(name, set, ...)     [ROW_##name] = {T_##set(name)},
tide__LoopTable PASTE(tide__loops, LEVEL)[TIDE_ROWS] = {
#include "ops/pointwise.def"
};
#include "ops/undef.h"
