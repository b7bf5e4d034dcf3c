/*
** The two hot fills, uniform and normal float32 in contiguous memory, compiled once for each level (random_base.c, random_avx2.c):
** SUFFIX names the level. All levels give the same bits: every fused multiply-add is written, and nothing else is fused.
**
** The normals are those of PyTorch's vectorised Box-Muller transform, whose logarithm, sine and cosine are the polynomials of Cephes (Moshier
** 1989) in their single-precision vector form, with the multiply-adds fused where that build fuses them.
*/
#include <math.h>
#include <string.h>

#include "kernels/random.h"

#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
#define LEVEL(name) GLUE(name, SUFFIX)

/* log x, 0 < x <= 1 */
static inline float log_ps(float x) {
  int32_t u;
  memcpy(&u, &x, 4);
  float e = (float)((u >> 23) - 126);
  u = (u & 0x007FFFFF) | 0x3F000000;
  memcpy(&x, &u, 4);
  float small = x < 0.707106781186547524f ? 1.0f : 0.0f;
  e -= small;
  x = (x - 1.0f) + (small != 0 ? x : 0.0f);
  float z = x * x, y = 7.0376836292E-2f;
  y = fmaf(y, x, -1.1514610310E-1f);
  y = fmaf(y, x, 1.1676998740E-1f);
  y = fmaf(y, x, -1.2420140846E-1f);
  y = fmaf(y, x, 1.4249322787E-1f);
  y = fmaf(y, x, -1.6668057665E-1f);
  y = fmaf(y, x, 2.0000714765E-1f);
  y = fmaf(y, x, -2.4999993993E-1f);
  y = fmaf(y, x, 3.3333331174E-1f);
  y = y * x;
  y = fmaf(y, z, e * -2.12194440e-4f);
  y = fmaf(-z, 0.5f, y);
  return fmaf(e, 0.693359375f, x + y);
}

/* sine and cosine of x, 0 <= x */
static inline void sincos_ps(float x, float *sine, float *cosine) {
  int32_t j = ((int32_t)(x * 1.27323954473516f) + 1) & ~1;
  float q = (float)j;
  x = fmaf(q, -0.78515625f, x);
  x = fmaf(q, -2.4187564849853515625e-4f, x);
  x = fmaf(q, -3.77489497744594108e-8f, x);
  float z = x * x;
  float c = fmaf(2.443315711809948E-005f, z, -1.388731625493765E-003f);
  c = fmaf(c, z, 4.166664568298827E-002f);
  c = c * z;
  c = fmaf(c, z, -(z * 0.5f)) + 1.0f;
  float s = fmaf(-1.9515295891E-4f, z, 8.3321608736E-3f);
  s = fmaf(s, z, -1.6666654611E-1f);
  s = s * z;
  s = fmaf(s, x, x);
  float odd = j & 2 ? c : s, even = j & 2 ? s : c;
  *sine = j & 4 ? -odd : odd;
  *cosine = (j - 2) & 4 ? even : -even;
}

/* Sixteen uniforms to sixteen normals: pairs j and j + 8. */
static inline void normal16(float *restrict d, float mean, float std) {
  float a[8], b[8];
  for (int j = 0; j < 8; j++) {
    float r = sqrtf(-2.0f * log_ps(1.0f - d[j])), s, c;
    sincos_ps(6.283185307179586f * d[j + 8], &s, &c);
    a[j] = fmaf(r * c, std, mean);
    b[j] = fmaf(r * s, std, mean);
  }
  memcpy(d, a, sizeof a);
  memcpy(d + 8, b, sizeof b);
}

/* n uniforms, taken from the words in runs. */
static void draws(tide__Generator *g, float *restrict p, int64_t n) {
  while (n > 0) {
    if (g->next >= TIDE_RANDOM_WORDS) tide__twist(g);
    int run = TIDE_RANDOM_WORDS - g->next;
    if (run > n) run = (int)n;
    const uint32_t *s = g->state + g->next;
    for (int i = 0; i < run; i++) p[i] = (float)(int32_t)(tide__temper(s[i]) & 0xffffff) * 0x1p-24f;
    g->next += run;
    p += run;
    n -= run;
  }
}

void LEVEL(tide__uniform_f32)(tide__Generator *g, float *p, int64_t n, float low, float high) {
  float width = high - low;
  draws(g, p, n);
  for (int64_t i = 0; i < n; i++) {
    float v = fmaf(p[i], width, low);
    p[i] = v == high ? low : v;                    /* rounding may reach high, which is excluded */
  }
}

/* n >= 16. A rest of fewer than 16 is made of a fresh block over the last 16. */
void LEVEL(tide__normal_f32)(tide__Generator *g, float *p, int64_t n, float mean, float std) {
  draws(g, p, n);
  for (int64_t i = 0; i + 16 <= n; i += 16) normal16(p + i, mean, std);
  if (n % 16) {
    draws(g, p + n - 16, 16);
    normal16(p + n - 16, mean, std);
  }
}
