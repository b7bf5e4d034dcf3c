/*
** Loops over elements that are named by offsets. p[0] holds the offsets (int64, bytes), p[1] is the dense side, p[2] the memory that
** the offsets lead into: its own stride is walked too, for the dimensions that no index names. Where the offset stays the same a
** loop is a row of that memory.
*/
#include "kernels/kernels.h"

#define OFFSET(i) (*(const int64_t *)(p[0] + (i) * s[0]))

#define MOVES(T) \
  static void pick_##T(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    if (s[0] == 0 && s[1] == sizeof(T) && s[2] == sizeof(T)) { memcpy(p[1], p[2] + OFFSET(0), (size_t)n * sizeof(T)); return; } \
    for (int64_t i = 0; i < n; i++) *(T *)(p[1] + i * s[1]) = *(const T *)(p[2] + i * s[2] + OFFSET(i)); \
  } \
  static void place_##T(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    if (s[0] == 0 && s[1] == sizeof(T) && s[2] == sizeof(T)) { memcpy(p[2] + OFFSET(0), p[1], (size_t)n * sizeof(T)); return; } \
    for (int64_t i = 0; i < n; i++) *(T *)(p[2] + i * s[2] + OFFSET(i)) = *(const T *)(p[1] + i * s[1]); \
  } \
  static void fill_masked_##T(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    const T value = *(const T *)p[2]; \
    (void)param; \
    if (s[0] == sizeof(T) && s[1] == 1) { \
      T *to = (T *)p[0]; const uint8_t *mask = (const uint8_t *)p[1]; \
      for (int64_t i = 0; i < n; i++) { T chosen = (T)-(T)(mask[i] != 0); to[i] = (T)((to[i] & ~chosen) | (value & chosen)); } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) if (*(const uint8_t *)(p[1] + i * s[1])) *(T *)(p[0] + i * s[0]) = value; \
  }
MOVES(uint8_t) MOVES(uint16_t) MOVES(uint32_t) MOVES(uint64_t)

/* By the width of an element: 1, 2, 4 or 8 bytes. */
#define BY_WIDTH(name) \
  tide__Loop tide__##name##_loop(int dtype) { \
    size_t w = tide__size[dtype]; \
    return w == 1 ? name##_uint8_t : w == 2 ? name##_uint16_t : w == 4 ? name##_uint32_t : name##_uint64_t; \
  }
BY_WIDTH(pick)
BY_WIDTH(place)
BY_WIDTH(fill_masked)

/* memory[offset] = combine(memory[offset], dense), one element after the other: places may be named twice. */
#define COMBINE(name, TO, FROM, E) \
  static void name(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    if (s[0] == 0) { \
      char *row = p[2] + OFFSET(0); \
      for (int64_t i = 0; i < n; i++) { TO *to = (TO *)(row + i * s[2]), a = *to, b = (TO)*(const FROM *)(p[1] + i * s[1]); *to = (TO)(E); } \
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
