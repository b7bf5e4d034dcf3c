/*
** Elements combined with those in the places that offsets name, one after the other, since places may be named twice; where the offset stays the same
** (the dimensions that no index names) they are rows, which are apart.
*/
#include "kernels/kernels.h"

#if defined(__clang__)
#define NO_DEPENDENCE _Pragma("clang loop vectorize(assume_safety)")
#pragma clang diagnostic ignored "-Wtautological-compare"   /* a != a: a nan, where there are any */
#else
#define NO_DEPENDENCE _Pragma("GCC ivdep")
#endif

#define OFFSET(i) (*(const int64_t *)(p[0] + (i) * s[0]))

/* memory[offset] = combine(memory[offset], dense), one element after the other: places may be named twice. */
#define COMBINE(name, TO, FROM, E) \
  static void name(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    if (s[0] == 0 && s[1] == sizeof(FROM) && s[2] == sizeof(TO)) { \
      TO *to = (TO *)(p[2] + OFFSET(0)); \
      const FROM *from = (const FROM *)p[1]; \
      NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { TO a = to[i], b = (TO)from[i]; to[i] = (TO)(E); } \
      return; \
    } \
    if (s[0] == 0) { \
      char *row = p[2] + OFFSET(0); \
      for (int64_t i = 0; i < n; i++) { TO *to = (TO *)(row + i * s[2]), a = *to, b = (TO)*(const FROM *)(p[1] + i * s[1]); *to = (TO)(E); } \
      return; \
    } \
    if (s[0] == sizeof(int64_t) && s[1] == sizeof(FROM)) { \
      const int64_t *offset = (const int64_t *)p[0], step = s[2]; \
      const FROM *from = (const FROM *)p[1]; \
      char *memory = p[2]; \
      for (int64_t i = 0; i < n; i++, memory += step) { TO *to = (TO *)(memory + offset[i]), a = *to, b = (TO)from[i]; *to = (TO)(E); } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { TO *to = (TO *)(p[2] + i * s[2] + OFFSET(i)), a = *to, b = (TO)*(const FROM *)(p[1] + i * s[1]); *to = (TO)(E); } \
  }

#define SAME(NAME, E, EB) \
  COMBINE(NAME##_float32, float, float, E) COMBINE(NAME##_float64, double, double, E) COMBINE(NAME##_int64, int64_t, int64_t, E) \
  COMBINE(NAME##_int32, int32_t, int32_t, E) COMBINE(NAME##_int16, int16_t, int16_t, E) COMBINE(NAME##_int8, int8_t, int8_t, E) \
  COMBINE(NAME##_uint8, uint8_t, uint8_t, E) COMBINE(NAME##_bool, uint8_t, uint8_t, EB) COMBINE(NAME##_wide, double, float, E) \
  static const tide__Loop NAME##_loops[] = {NAME##_float32, NAME##_float64, NAME##_int64, NAME##_int32, NAME##_int16, NAME##_int8, NAME##_uint8, NAME##_bool};

SAME(add, a + b, (a | b) != 0)
SAME(multiply, a * b, (a & b) != 0)
SAME(larger, a > b || a != a ? a : b, a | b)                /* NaN wins */
SAME(smaller, a < b || a != a ? a : b, a & b)

tide__Loop tide__combine_loop(int how, int to, int from) {
  switch (how) {
#define CASE(NAME, C) case C: return to == from ? NAME##_loops[to] : NAME##_wide;
    CASE(multiply, TIDE_COMBINE_MULTIPLY)
    CASE(larger, TIDE_COMBINE_MAX)
    CASE(smaller, TIDE_COMBINE_MIN)
    default: return to == from ? add_loops[to] : add_wide;
  }
}
