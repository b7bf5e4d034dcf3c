/*
** The loops over elements that are named by offsets, compiled once per instruction-set level: the level's file defines LEVEL and includes
** this. p[0] holds the offsets (int64, bytes), p[1] is the dense side, p[2] the memory that the offsets lead into: its own stride is walked too, for the
** dimensions that no index names. Where the offset stays the same a loop is a row of that memory.
*/
#include "kernels/index.h"

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll_count(4) vectorize(disable)")
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define OFFSET(i) (*(const int64_t *)(p[0] + (i) * s[0]))

/* Negative positions get `behind` added, the others `-base`; what is then not among 0 .. size-1 is found by one comparison. */
static int offsets(int64_t n, const int64_t *position, int64_t size, int64_t base, int64_t behind, int64_t step, int64_t *offset) {
  int64_t bad = 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t v = position[i], p = v + (v < 0 ? behind : -base);
    bad |= (uint64_t)p >= (uint64_t)size;
    offset[i] = p * step;
  }
  return bad != 0;
}

#define MOVES(T) \
  static void pick_##T(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    if (s[0] == 0 && s[1] == sizeof(T) && s[2] == sizeof(T)) { memcpy(p[1], p[2] + OFFSET(0), (size_t)n * sizeof(T)); return; } \
    if (s[0] == sizeof(int64_t) && s[1] == sizeof(T)) { \
      const int64_t *offset = (const int64_t *)p[0], step = s[2]; \
      const char *from = p[2]; \
      T *to = (T *)p[1]; \
      if (step == 0) UNROLL for (int64_t i = 0; i < n; i++) to[i] = *(const T *)(from + offset[i]); \
      else UNROLL for (int64_t i = 0; i < n; i++) to[i] = *(const T *)(from + i * step + offset[i]); \
      return; \
    } \
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

#define WIDTHS(name) {name##_uint8_t, name##_uint16_t, name##_uint32_t, name##_uint64_t}
const tide__Indexing PASTE(tide__indexing, LEVEL) = {.offsets = offsets, .pick = WIDTHS(pick), .place = WIDTHS(place), .fill_masked = WIDTHS(fill_masked)};
