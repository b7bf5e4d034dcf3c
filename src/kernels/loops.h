/*
** The loops of every pointwise row, compiled once per instruction-set level: the level's file defines LEVEL (and LEVEL_ALL for
** the base, which has every dtype) and includes this. The loops are plain C that the compiler vectorises; the file's own flags
** (CMakeLists.txt) say for which machine.
**
** UNARY(tanh, FLOAT, v_tanh(x), ...) becomes, for each dtype in FLOAT,
**   static void tanh_float32(int64_t n, char *const *p, const int64_t *s, const double *param)
** whose body reads x, evaluates the row's expression, and stores it; likewise a, b (and c) for two (three) operands. Memory in order, and
** operands of one element, have loops of their own.
** P0, P1, P2 in an expression are the operator's numbers. Predicates store 0 or 1.
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
#define PLAIN (void)param;
#define NUMBERS const T P0 = (T)param[0], P1 = (T)param[1], P2 = (T)param[2]; (void)P0; (void)P1; (void)P2;
#define C(v) ((T)(v))

#define RUN(...) NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { __VA_ARGS__ }

#define LOOP1(name, start, R, E) HEAD(name) { \
    start \
    if (s[0] == sizeof(R) && s[1] == sizeof(T)) { \
      R *o = (R *)p[0]; const T *px = (const T *)p[1]; \
      RUN(T x = px[i]; o[i] = E;) \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { T x = *(const T *)(p[1] + i * s[1]); *(R *)(p[0] + i * s[0]) = E; } \
  }

#define LOOP2(name, start, R, E) HEAD(name) { \
    start \
    const int64_t w = sizeof(T); \
    if (s[0] == sizeof(R) && (s[1] == w || s[1] == 0) && (s[2] == w || s[2] == 0)) { \
      R *o = (R *)p[0]; const T *pa = (const T *)p[1], *pb = (const T *)p[2]; \
      if (s[1] == w && s[2] == w) { RUN(T a = pa[i], b = pb[i]; o[i] = E;) } \
      else if (s[1] == w) { T b = *pb; RUN(T a = pa[i]; o[i] = E;) } \
      else if (s[2] == w) { T a = *pa; RUN(T b = pb[i]; o[i] = E;) } \
      else { T a = *pa, b = *pb; for (int64_t i = 0; i < n; i++) o[i] = E; } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { T a = *(const T *)(p[1] + i * s[1]), b = *(const T *)(p[2] + i * s[2]); *(R *)(p[0] + i * s[0]) = E; } \
  }

/* A is the type of operand a: T, or that of a condition. */
#define LOOP3(name, start, A, E) HEAD(name) { \
    start \
    const int64_t w = sizeof(T); \
    if (s[0] == w && s[1] == sizeof(A) && (s[2] == w || s[2] == 0) && (s[3] == w || s[3] == 0)) { \
      T *o = (T *)p[0]; const A *pa = (const A *)p[1]; const T *pb = (const T *)p[2], *pc = (const T *)p[3]; \
      if (s[2] == w && s[3] == w) { RUN(A a = pa[i]; T b = pb[i], c = pc[i]; o[i] = E;) } \
      else if (s[2] == w) { T c = *pc; RUN(A a = pa[i]; T b = pb[i]; o[i] = E;) } \
      else if (s[3] == w) { T b = *pb; RUN(A a = pa[i]; T c = pc[i]; o[i] = E;) } \
      else { T b = *pb, c = *pc; RUN(A a = pa[i]; o[i] = E;) } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { \
      A a = *(const A *)(p[1] + i * s[1]); \
      T b = *(const T *)(p[2] + i * s[2]), c = *(const T *)(p[3] + i * s[3]); \
      *(T *)(p[0] + i * s[0]) = E; \
    } \
  }

#define UNARY(name, set, E, ...)        IN_##set(LOOP1(name, PLAIN, T, STORE(E)))
#define UNARYP(name, public, args, set, E, ...) IN_##set(LOOP1(name, NUMBERS, T, STORE(E)))
#define BINARY(name, set, E, ...)       IN_##set(LOOP2(name, PLAIN, T, STORE(E)))
#define BINARYP(name, public, args, set, E, ...) IN_##set(LOOP2(name, NUMBERS, T, STORE(E)))
#define TERNARY(name, public, args, set, E, ...) IN_##set(LOOP3(name, NUMBERS, T, STORE(E)))
#define CHOICE(name, public, args, set, E, ...) IN_##set(LOOP3(name, PLAIN, uint8_t, E))
#define PREDICATE1(name, set, E, ...)   IN_##set(LOOP1(name, PLAIN, uint8_t, (E) != 0))
#define PREDICATE(name, set, E, ...)    IN_##set(LOOP2(name, PLAIN, uint8_t, (E) != 0))
#define FACE(...)

/* floats */
#define STORE(E)      (T)(E)
#define IN_FLOAT(X)   X
#ifdef LEVEL_ALL
#define IN_MATH(X)    X
#else
#define IN_MATH(X)
#endif
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
#undef IN_MATH
#undef IN_INT
#undef IN_INTBOOL

/* integers */
#define ONES          C(-1)
#define IN_FLOAT(X)
#define IN_MATH(X)
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
#undef ONES
#undef STORE
#undef IN_NUM
#undef IN_INT
#define ONES 1
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
#ifdef LEVEL_ALL
#define T_MATH(name)    T_FLOAT(name)
#else
#define T_MATH(name)
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
#define CHOICE(name, public, args, set, ...)  [ROW_##name] = {T_##set(name)},
#define FACE(...)
#define PREDICATE1(name, set, ...)    [ROW_##name] = {T_##set(name)},
#define PREDICATE(name, set, ...)     [ROW_##name] = {T_##set(name)},
tide__LoopTable PASTE(tide__loops, LEVEL)[TIDE_ROWS] = {
#include "ops/pointwise.def"
};
#include "ops/undef.h"
