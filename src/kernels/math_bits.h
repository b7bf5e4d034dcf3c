/*
** What the vectorised functions are made of. They are plain C without branches: conditions choose between values that were all computed, so that
** the compiler turns a loop over them into vector instructions of any width. Bits are moved with integers of the float's own
** width, and only with shifts, sums and masks, which every level has.
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
#define POLY16(x, a, ...)     FMA(x, POLY15(x, __VA_ARGS__), a)

#endif
