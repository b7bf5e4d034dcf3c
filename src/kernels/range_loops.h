/*
** Ranges at one instruction-set level, whose file defines LEVEL and includes this.
**
** start + i step: the floats are those of PyTorch's loop, whose vectors of L elements, two at a time, begin with start + i step rounded and add lane * step
** to that. n numbers from start to end are counted from the nearer end, in the dtype of the result.
*/
#include <math.h>

#include "kernels/range.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)

#define STEPS(T, L) \
  static void steps_##T(const tide__Range *r, int64_t begin, int64_t end) { \
    T *to = r->to; \
    const double start = r->start, step = r->step; \
    int64_t i = begin, whole = r->n / (2 * L) * (2 * L), last = end < whole ? end : whole; \
    for (; i + L <= last; i += L) { \
      const double first = (double)(T)fma((double)i, step, start); \
      for (int j = 0; j < L; j++) to[i + j] = (T)fma((double)j, step, first); \
    } \
    for (; i < end; i++) to[i] = (T)fma((double)i, step, start); \
  }
STEPS(float, 8)
STEPS(double, 4)

static void steps_int64(const tide__Range *r, int64_t begin, int64_t end) {
  int64_t *to = r->to;
  const int64_t first = r->first, by = r->by;
  for (int64_t i = begin; i < end; i++) to[i] = first + i * by;
}

#define SPACED(T, FMA) \
  static void spaced_##T(const tide__Range *r, int64_t begin, int64_t end) { \
    T *to = r->to; \
    const T a = (T)r->start, b = (T)r->end, step = (b - a) / (T)(r->n - 1); \
    const int64_t n = r->n, half = n / 2; \
    if (n == 1) { to[0] = a; return; } \
    for (int64_t i = begin, last = end < half ? end : half; i < last; i++) to[i] = FMA(step, (T)i, a); \
    for (int64_t i = begin > half ? begin : half; i < end; i++) to[i] = FMA(-step, (T)(n - i - 1), b); \
  }
SPACED(float, fmaf)
SPACED(double, fma)

const tide__Ranges PASTE(tide__ranges, LEVEL) = {.steps = {steps_float, steps_double, steps_int64}, .spaced = {spaced_float, spaced_double}};
