/*
** The loops of channels.h for dtype T, at one instruction-set level. The level's file includes this once for each T.
** Where a channel is one element, neighbours are different channels and the loop goes over them; else it goes along the channel, with 2 LANES sums.
*/
#include "kernels/channels.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(f)      PASTE(f, T)
#define LANES        8

typedef T NAME(Few) __attribute__((vector_size(LANES * sizeof(T)), aligned(sizeof(T)), may_alias));
typedef double NAME(Wide) __attribute__((vector_size(LANES * sizeof(double))));
#define WIDE(p) __builtin_convertvector(*(const NAME(Few) *)(p), NAME(Wide))        /* LANES elements from p on */
#define TOTAL(v) (((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7])))

#define SUM(name, V, VS, ...) \
  static void NAME(name##_along)(int64_t n, const T *restrict x, double m, __VA_ARGS__ double *first, double *second) { \
    NAME(Wide) a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0}; \
    int64_t i = 0; \
    for (; i + 2 * LANES <= n; i += 2 * LANES) { \
      NAME(Wide) d = WIDE(x + i) - m, v = VS(i); \
      a0 += v; b0 += v * d; \
      d = WIDE(x + i + LANES) - m; v = VS(i + LANES); \
      a1 += v; b1 += v * d; \
    } \
    a0 += a1; b0 += b1; \
    double a = 0, b = 0; \
    for (; i < n; i++) { double d = (double)x[i] - m, v = V(i); a += v; b += v * d; } \
    *first += a + TOTAL(a0); *second += b + TOTAL(b0); \
  } \
  static void NAME(name##_across)(int64_t n, const T *restrict x, const T *restrict mean, __VA_ARGS__ double *restrict first, double *restrict second) { \
    for (int64_t i = 0; i < n; i++) { double d = (double)x[i] - (double)mean[i], v = V(i); first[i] += v; second[i] += v * d; } \
  }
#define SELF(i)  d
#define OTHER(i) ((double)g[i])
#define OTHERS(i) WIDE(g + (i))
SUM(moments, SELF, SELF)
SUM(products, OTHER, OTHERS, const T *restrict g,)

static void NAME(moments)(int64_t channels, int64_t n, const void *x, const void *mean, double *first, double *second) {
  const T *a = x, *m = mean;
  if (n == 1) NAME(moments_across)(channels, a, m, first, second);
  else for (int64_t c = 0; c < channels; c++) NAME(moments_along)(n, a + c * n, (double)m[c], first + c, second + c);
}

static void NAME(products)(int64_t channels, int64_t n, const void *x, const void *mean, const void *g, double *first, double *second) {
  const T *a = x, *m = mean, *b = g;
  if (n == 1) NAME(products_across)(channels, a, m, b, first, second);
  else for (int64_t c = 0; c < channels; c++) NAME(products_along)(n, a + c * n, (double)m[c], b + c * n, first + c, second + c);
}

static void NAME(affine)(int64_t channels, int64_t n, const void *xs, const void *mean, const void *ps, const void *qs, void *to) {
  const T *restrict x = xs, *restrict m = mean, *restrict p = ps, *restrict q = qs;
  T *restrict y = to;
  if (n == 1) for (int64_t i = 0; i < channels; i++) y[i] = p[i] * (x[i] - m[i]) + q[i];
  else for (int64_t c = 0; c < channels; c++, x += n, y += n) for (int64_t i = 0; i < n; i++) y[i] = p[c] * (x[i] - m[c]) + q[c];
}

static void NAME(combine)(int64_t channels, int64_t n, const void *xs, const void *mean, const void *gs, const void *ps, const void *qs, const void *rs, void *to) {
  const T *restrict x = xs, *restrict m = mean, *restrict g = gs, *restrict p = ps, *restrict q = qs, *restrict r = rs;
  T *restrict y = to;
  if (n == 1) for (int64_t i = 0; i < channels; i++) y[i] = p[i] * g[i] + q[i] * (x[i] - m[i]) + r[i];
  else for (int64_t c = 0; c < channels; c++, x += n, g += n, y += n) for (int64_t i = 0; i < n; i++) y[i] = p[c] * g[i] + q[c] * (x[i] - m[c]) + r[c];
}

static void NAME(spread)(int64_t groups, int64_t each, const double *values, const double *by, void *to) {
  T *y = to;
  for (int64_t g = 0; g < groups; g++, y += each) {
    if (by) for (int64_t i = 0; i < each; i++) y[i] = (T)(values[g] * by[g * each + i]);
    else for (int64_t i = 0; i < each; i++) y[i] = (T)values[g];
  }
}

#define CHANNELS_OF(T) {PASTE(spread, T), PASTE(moments, T), PASTE(products, T), PASTE(affine, T), PASTE(combine, T)}
#undef SUM
#undef SELF
#undef OTHER
#undef OTHERS
#undef LANES
#undef WIDE
#undef TOTAL
#undef NAME
#undef T
