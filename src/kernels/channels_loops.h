/*
** The loops of channels.h for dtype T, at one instruction-set level. The level's file includes this once for each T.
** Where a channel is one element, neighbours are different channels and the loop goes over them; else it goes along the channel, with LANES sums.
*/
#include "kernels/channels.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(f)      PASTE(f, T)
#define LANES        16

#define SUM(name, V, ...) \
  static void NAME(name##_along)(int64_t n, const T *restrict x, double m, __VA_ARGS__ double *first, double *second) { \
    double a[LANES] = {0}, b[LANES] = {0}; \
    int64_t i = 0; \
    for (; i + LANES <= n; i += LANES) \
      for (int j = 0; j < LANES; j++) { double d = (double)x[i + j] - m, v = V(i + j); a[j] += v; b[j] += v * d; } \
    for (; i < n; i++) { double d = (double)x[i] - m, v = V(i); a[0] += v; b[0] += v * d; } \
    for (int h = LANES / 2; h; h /= 2) for (int j = 0; j < h; j++) { a[j] += a[j + h]; b[j] += b[j + h]; } \
    *first += a[0]; *second += b[0]; \
  } \
  static void NAME(name##_across)(int64_t n, const T *restrict x, const T *restrict mean, __VA_ARGS__ double *restrict first, double *restrict second) { \
    for (int64_t i = 0; i < n; i++) { double d = (double)x[i] - (double)mean[i], v = V(i); first[i] += v; second[i] += v * d; } \
  }
#define SELF(i)  d
#define OTHER(i) ((double)g[i])
SUM(moments, SELF)
SUM(products, OTHER, const T *restrict g,)

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

#define CHANNELS_OF(T) {PASTE(moments, T), PASTE(products, T), PASTE(affine, T), PASTE(combine, T)}
#undef SUM
#undef SELF
#undef OTHER
#undef LANES
#undef NAME
#undef T
