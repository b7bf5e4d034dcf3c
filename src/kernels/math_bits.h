/*
** What the vectorised functions are made of. They are plain C without branches: conditions choose between values that were all computed, so that
** the compiler turns a loop over them into vector instructions of any width. Bits are moved with integers of the float's own
** width, and only by shifts, sums and masks, which every level has.
**
** FMA(a, b, c) is a * b + c, rounded once where the processor has an instruction for it and twice where not; every function keeps its error bound
** either way. The compiler contracts nothing by itself (-ffp-contract=off): sums that recover a rounding error rely on it.
*/
#ifndef TIDE_KERNELS_MATH_BITS_H
#define TIDE_KERNELS_MATH_BITS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define TIDE_INLINE static inline __attribute__((always_inline))

TIDE_INLINE uint32_t tide__bitsf(float x) { uint32_t u; memcpy(&u, &x, sizeof u); return u; }
TIDE_INLINE uint64_t tide__bits(double x) { uint64_t u; memcpy(&u, &x, sizeof u); return u; }
TIDE_INLINE float tide__floatf(uint32_t u) { float x; memcpy(&x, &u, sizeof x); return x; }
TIDE_INLINE double tide__float(uint64_t u) { double x; memcpy(&x, &u, sizeof x); return x; }

#if defined(__FMA__) || defined(__aarch64__)
#define TIDE_FMA 1
TIDE_INLINE float tide__fmaf(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
TIDE_INLINE double tide__fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
#define TIDE_FMA 0
TIDE_INLINE float tide__fmaf(float a, float b, float c) { return a * b + c; }
TIDE_INLINE double tide__fma(double a, double b, double c) { return a * b + c; }
#endif

/* c - a b, the product exact: what is left of c when a b has been taken from it. */
TIDE_INLINE float tide__leftf(float a, float b, float c) { return TIDE_FMA ? tide__fmaf(-a, b, c) : (float)((double)c - (double)a * b); }
TIDE_INLINE double tide__left(double a, double b, double c) {
  if (TIDE_FMA) return tide__fma(-a, b, c);
  double p = a * b, ah = a * 0x8000001p0, bh = b * 0x8000001p0;      /* Dekker's product: halves of 26 bits */
  ah -= ah - a;
  bh -= bh - b;
  double al = a - ah, bl = b - bh;
  return (c - p) - (((ah * bh - p) + ah * bl + al * bh) + al * bl);
}

/* a + b - s, what was lost when s = a + b was rounded (Knuth). */
TIDE_INLINE float tide__lostf(float a, float b, float s) { float z = s - a; return (a - (s - z)) + (b - z); }
TIDE_INLINE double tide__lost(double a, double b, double s) { double z = s - a; return (a - (s - z)) + (b - z); }

/* Whole numbers, with the sign kept. Without an instruction for it a number loses its fraction where 2^52 (2^23) is added. */
#if defined(__SSE4_1__) || defined(__aarch64__)
TIDE_INLINE float tide__rintf(float x) { return __builtin_rintf(x); }
TIDE_INLINE float tide__floorf(float x) { return __builtin_floorf(x); }
TIDE_INLINE float tide__ceilf(float x) { return __builtin_ceilf(x); }
TIDE_INLINE float tide__truncf(float x) { return __builtin_truncf(x); }
TIDE_INLINE double tide__rint(double x) { return __builtin_rint(x); }
TIDE_INLINE double tide__floor(double x) { return __builtin_floor(x); }
TIDE_INLINE double tide__ceil(double x) { return __builtin_ceil(x); }
TIDE_INLINE double tide__trunc(double x) { return __builtin_trunc(x); }
#else
#define WHOLE(T, sf, big) \
  TIDE_INLINE T tide__rint##sf(T x) { T a = fabs##sf(x), r = (a + big) - big; return copysign##sf(a < big ? r : a, x); } \
  TIDE_INLINE T tide__floor##sf(T x) { T r = tide__rint##sf(x); return r > x ? r - 1 : r; } \
  TIDE_INLINE T tide__ceil##sf(T x) { T r = tide__rint##sf(x); return copysign##sf(r < x ? r + 1 : r, x); } \
  TIDE_INLINE T tide__trunc##sf(T x) { T a = fabs##sf(x); return copysign##sf(tide__floor##sf(a), x); }
WHOLE(float, f, 0x1p23f)
WHOLE(double, , 0x1p52)
#undef WHOLE
#endif

/* c0 + c1 x + c2 x^2 + ..., coefficients in this order. FMA is the one of the file's type. */
#define POLY2(x, a, b)        FMA(x, b, a)
#define POLY3(x, a, ...)      FMA(x, POLY2(x, __VA_ARGS__), a)
#define POLY4(x, a, ...)      FMA(x, POLY3(x, __VA_ARGS__), a)
#define POLY5(x, a, ...)      FMA(x, POLY4(x, __VA_ARGS__), a)
#define POLY6(x, a, ...)      FMA(x, POLY5(x, __VA_ARGS__), a)
#define POLY7(x, a, ...)      FMA(x, POLY6(x, __VA_ARGS__), a)
#define POLY8(x, a, ...)      FMA(x, POLY7(x, __VA_ARGS__), a)
#define POLY9(x, a, ...)      FMA(x, POLY8(x, __VA_ARGS__), a)
#define POLY10(x, a, ...)     FMA(x, POLY9(x, __VA_ARGS__), a)
#define POLY11(x, a, ...)     FMA(x, POLY10(x, __VA_ARGS__), a)
#define POLY12(x, a, ...)     FMA(x, POLY11(x, __VA_ARGS__), a)
#define POLY13(x, a, ...)     FMA(x, POLY12(x, __VA_ARGS__), a)
#define POLY14(x, a, ...)     FMA(x, POLY13(x, __VA_ARGS__), a)
#define POLY15(x, a, ...)     FMA(x, POLY14(x, __VA_ARGS__), a)

#endif
