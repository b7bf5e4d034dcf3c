/*
** The loops of every pointwise row, compiled once per instruction-set level: the level's file defines LEVEL (and LEVEL_ALL for
** the base, which has every dtype) and includes this. The loops are plain C that the compiler vectorises; the file's own flags
** (CMakeLists.txt) say for which machine. LEVEL_TABLES: it has loops_tables.h, too.
**
** UNARY(tanh, FLOAT, v_tanh(x), ...) becomes, for each dtype in FLOAT,
**   static void tanh_float32(int64_t n, char *const *p, const int64_t *s, const double *param)
** whose body reads x, evaluates the row's expression, and stores it; likewise a, b (and c) for two (three) operands. Memory in order, and
** operands of one element, have loops of their own; any other memory is first brought into order, a block at a time (in_blocks).
** P0, P1, P2 in an expression are the operator's numbers. Predicates store 0 or 1.
**
** Rows of some sets have other loops (see below). Those of FAR and NUMFAR have expressions that hold for arguments that are not far (v_far1, v_far2), as nearly all are. Their loops look at a
** block first; where something in it is far they go through it one by one, with `exact` set, which sends what is far the slow way.
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

#define EACH(...) for (int64_t i = 0; i < n; i++) { __VA_ARGS__ }
#define RUN(...) NO_DEPENDENCE EACH(__VA_ARGS__)


/* {======================== memory out of order ======================== */

#define BLOCK 512                                /* elements */

/* n elements of w bytes: s bytes apart there, t bytes apart here. */
static __attribute__((noinline)) void move(int64_t n, int w, char *to, int64_t t, const char *from, int64_t s) {
#define MOVE(T) \
  if (s == 2 * w && t == w) { T *o = (T *)to; const T *x = (const T *)from; RUN(o[i] = x[2 * i];) } \
  else EACH(*(T *)(to + i * t) = *(const T *)(from + i * s);)
  if (w == 8) { MOVE(uint64_t) }
  else if (w == 4) { MOVE(uint32_t) }
  else if (w == 2) { MOVE(uint16_t) }
  else { MOVE(uint8_t) }
#undef MOVE
}

/* Calls f for a block after the other, its operands (w bytes an element) brought into order. Those in `still` (bits) may instead have one element for
** all. A few elements go one by one. */
static __attribute__((noinline)) void in_blocks(tide__Loop f, int nop, const int *w, int still, int64_t n, char *const *p, const int64_t *s, const double *param) {
  _Alignas(64) char block[4][BLOCK * 8];
  char *at[4], *q[4];
  int64_t step[4], most = n <= 4 ? 1 : BLOCK;
  int moved[4];
  for (int k = 0; k < nop; k++) {
    moved[k] = most > 1 && s[k] != w[k] && !(s[k] == 0 && (still >> k & 1));
    step[k] = moved[k] ? w[k] : s[k];
    at[k] = p[k];
  }
  for (; n > 0; n -= most) {
    int64_t m = n < most ? n : most;
    for (int k = 0; k < nop; k++) {
      q[k] = moved[k] ? block[k] : at[k];
      if (moved[k] && k > 0) move(m, w[k], q[k], w[k], at[k], s[k]);
    }
    f(m, q, step, param);
    if (moved[0]) move(m, w[0], at[0], s[0], q[0], w[0]);
    for (int k = 0; k < nop; k++) at[k] += m * s[k];
  }
}
#define ORDERED(name, nop, still, condition, ...) \
  if (n > 1 && !(condition)) { \
    static const int width[] = {__VA_ARGS__}; \
    in_blocks(PASTE(name, DTYPE), nop, width, still, n, p, s, param); \
    return; \
  }

/* }========================================================= */


/* {======================== a row's loop ======================== */

#define ORDER1(name, R)    ORDERED(name, 2, 0, s[0] == sizeof(R) && s[1] == sizeof(T), sizeof(R), sizeof(T))
#define ORDER2(name, R, still) \
  ORDERED(name, 3, still, s[0] == sizeof(R) && (s[1] == sizeof(T) || (s[1] == 0 && (still & 2))) && (s[2] == sizeof(T) || (s[2] == 0 && (still & 4))), sizeof(R), sizeof(T), sizeof(T))
#define ORDER3(name, A) \
  ORDERED(name, 4, 12, s[0] == sizeof(T) && s[1] == sizeof(A) && (s[2] == sizeof(T) || s[2] == 0) && (s[3] == sizeof(T) || s[3] == 0), sizeof(T), sizeof(A), sizeof(T), sizeof(T))

#define LOOP1(name, start, R, E) HEAD(name) { \
    ORDER1(name, R) \
    start \
    R *o = (R *)p[0]; const T *px = (const T *)p[1]; \
    RUN(T x = px[i]; o[i] = E;) \
  }

#define LOOP2(name, start, R, E) HEAD(name) { \
    ORDER2(name, R, 6) \
    start \
    R *o = (R *)p[0]; const T *pa = (const T *)p[1], *pb = (const T *)p[2]; \
    if (s[1] && s[2]) { RUN(T a = pa[i], b = pb[i]; o[i] = E;) } \
    else if (s[1]) { T b = *pb; RUN(T a = pa[i]; o[i] = E;) } \
    else if (s[2]) { T a = *pa; RUN(T b = pb[i]; o[i] = E;) } \
    else { T a = *pa, b = *pb; R e = E; RUN(o[i] = e;) } \
  }

/* A is the type of operand a: T, or that of a condition. */
#define LOOP3(name, start, A, E) HEAD(name) { \
    ORDER3(name, A) \
    start \
    T *o = (T *)p[0]; const A *pa = (const A *)p[1]; const T *pb = (const T *)p[2], *pc = (const T *)p[3]; \
    if (s[2] && s[3]) { RUN(A a = pa[i]; T b = pb[i], c = pc[i]; o[i] = E;) } \
    else if (s[2]) { T c = *pc; RUN(A a = pa[i]; T b = pb[i]; o[i] = E;) } \
    else if (s[3]) { T b = *pb; RUN(A a = pa[i]; T c = pc[i]; o[i] = E;) } \
    else { T b = *pb, c = *pc; RUN(A a = pa[i]; o[i] = E;) } \
  }

/* The same without a loop of their own for operands of one element, which some expressions do not gain from: the compiler makes nothing of a choice by a constant. */
#define FULL_LOOP2(name, start, R, E) HEAD(name) { \
    ORDER2(name, R, 0) \
    start \
    R *o = (R *)p[0]; const T *pa = (const T *)p[1], *pb = (const T *)p[2]; \
    RUN(T a = pa[i], b = pb[i]; o[i] = E;) \
  }

/* Powers whose exponent is one number: some have a cheaper form (and, as in PyTorch, another sign of infinity at -0). */
#define POWER(exponent, E) if (b == (T)(exponent)) { RUN(T a = pa[i]; o[i] = E;) return; }
#define POWER_LOOP2(name, start, R, E) HEAD(name) { \
    ORDER2(name, R, 4) \
    start \
    R *o = (R *)p[0]; const T *pa = (const T *)p[1], *pb = (const T *)p[2]; \
    if (s[2] == 0 || n == 1) { \
      T b = *pb; \
      POWER(2, a * a) POWER(3, a * a * a) POWER(0.5, v_sqrt(a)) POWER(-1, 1 / a) POWER(-0.5, 1 / v_sqrt(a)) POWER(-2, 1 / (a * a)) \
    } \
    if (s[2] == 0 && n > 1) { static const int width[] = {sizeof(R), sizeof(T), sizeof(T)}; in_blocks(PASTE(name, DTYPE), 3, width, 0, n, p, s, param); return; } \
    RUN(T a = pa[i], b = pb[i]; o[i] = E;) \
  }

/* The same where the expression does not hold for far arguments. */
#define IN_PARTS(far, run) \
  for (int64_t left = n; left > 0; left -= n, at += n) { \
    n = left < BLOCK ? left : BLOCK; \
    unsigned found = 0; \
    EACH(found |= far;) \
    if (!found) { const int exact = 0; NO_DEPENDENCE run } \
    else { const int exact = 1; run } \
  }
#define FAR_LOOP1(name, start, R, E) HEAD(name) { \
    int64_t at = 0; \
    ORDER1(name, R) \
    start \
    R *o = (R *)p[0]; const T *px = (const T *)p[1]; \
    IN_PARTS(v_far1(px[at + i]), EACH(T x = px[at + i]; o[at + i] = E;)) \
  }
#define FAR_LOOP2(name, start, R, E) HEAD(name) { \
    int64_t at = 0; \
    ORDER2(name, R, 0) \
    start \
    R *o = (R *)p[0]; const T *pa = (const T *)p[1], *pb = (const T *)p[2]; \
    IN_PARTS(v_far2(pa[at + i], pb[at + i]), EACH(T a = pa[at + i], b = pb[at + i]; o[at + i] = E;)) \
  }

/* }========================================================= */

#define UNARY(name, set, E, ...)        IN_##set(LOOP1(name, PLAIN, T, STORE(E)))
#define UNARYP(name, public, args, set, E, ...) IN_##set(LOOP1(name, NUMBERS, T, STORE(E)))
#define BINARY(name, set, E, ...)       IN_##set(LOOP2(name, PLAIN, T, STORE(E)))
#define BINARYP(name, public, args, set, E, ...) IN_##set(LOOP2(name, NUMBERS, T, STORE(E)))
#define TERNARY(name, public, args, set, E, ...) IN_##set(LOOP3(name, NUMBERS, T, STORE(E)))
#define CHOICE(name, public, args, set, E, ...) IN_##set(LOOP3(name, PLAIN, uint8_t, E))
#define PREDICATE1(name, set, E, ...)   IN_##set(LOOP1(name, PLAIN, uint8_t, (E) != 0))
#define PREDICATE(name, set, E, ...)    IN_##set(LOOP2(name, PLAIN, uint8_t, (E) != 0))
#define FACE(...)

#ifdef LEVEL_TABLES
#include "kernels/loops_tables.h"
#endif

/* floats */
#define STORE(E)      (T)(E)
#define IN_FLOAT(X)   X
#define IN_FAR(X)     FAR_##X
#define IN_NUMFAR(X)  FAR_##X
#define IN_FULL(X)    FULL_##X
#ifdef LEVEL_TABLES
#define IN_TABLE(X)                              /* loops_tables.h has them */
#else
#define IN_TABLE(X)   X
#endif
#define IN_NUMFULL(X) FULL_##X
#define IN_POWER(X)   POWER_##X
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
#undef IN_TABLE
#define IN_TABLE(X)   X
#define T double
#define DTYPE float64
#include "ops/pointwise.def"
#undef T
#undef DTYPE
#undef IN_FLOAT
#undef IN_FAR
#undef IN_FULL
#undef IN_TABLE
#undef IN_MATH
#undef IN_INT
#undef IN_INTBOOL

/* integers */
#undef IN_NUMFULL
#undef IN_POWER
#define IN_NUMFULL(X) X
#define IN_POWER(X)   X
#define ONES          C(-1)
#define IN_FLOAT(X)
#define IN_FAR(X)
#define IN_FULL(X)
#define IN_TABLE(X)
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
#undef IN_NUMFAR
#undef IN_NUMFULL
#undef IN_INT
#define ONES 1
#define STORE(E) (T)((E) != 0)
#define IN_NUM(X)
#define IN_NUMFAR(X)
#define IN_NUMFULL(X)
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
#define T_FAR(name)     T_FLOAT(name)
#define T_NUMFAR(name)  T_NUM(name)
#define T_FULL(name)    T_FLOAT(name)
#define T_TABLE(name)   T_FLOAT(name)
#define T_NUMFULL(name) T_NUM(name)
#define T_ANY(name)     T_NUM(name) T_BOOL(name)
#define T_POWER(name)   T_ANY(name)

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
