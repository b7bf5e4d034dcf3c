/* Steps of optimisers over tensors of any layout. */
#include "kernels/optim.h"

static const tide__Steps *steps(void) { return AT_LEVEL(&tide__steps); }

#define OPERANDS 5
#define BLOCK    256

typedef struct Work { tide__Step step; const double *k; int nop; int64_t width; } Work;

static void move(int64_t n, int64_t width, char *to, int64_t ts, const char *from, int64_t fs) {
  if (width == 4) for (int64_t i = 0; i < n; i++) memcpy(to + i * ts, from + i * fs, 4);
  else for (int64_t i = 0; i < n; i++) memcpy(to + i * ts, from + i * fs, 8);
}

/* n elements; operands that do not lie in a row are brought into one, and back if they are written. */
static void step_row(const Work *w, int64_t n, char *const *p, const int64_t *s) {
  _Alignas(64) char buffer[OPERANDS][BLOCK * 8];
  char *q[OPERANDS] = {NULL};
  int scattered = 0;
  for (int k = 0; k < w->nop; k++) { q[k] = p[k]; scattered |= s[k] != w->width && n > 1; }
  if (!scattered) { w->step(n, q[0], q[1], q[2], q[3], q[4], w->k); return; }
  for (int64_t i = 0; i < n; i += BLOCK) {
    int64_t m = n - i < BLOCK ? n - i : BLOCK;
    for (int k = 0; k < w->nop; k++) {
      q[k] = s[k] == w->width ? p[k] + i * s[k] : buffer[k];
      if (s[k] != w->width) move(m, w->width, q[k], w->width, p[k] + i * s[k], s[k]);
    }
    w->step(m, q[0], q[1], q[2], q[3], q[4], w->k);
    for (int k = 0; k < w->nop; k++) if (k != 1 && s[k] != w->width) move(m, w->width, p[k] + i * s[k], s[k], q[k], w->width);
  }
}

static void step_rows(void *arg, int64_t m, int64_t n, char *const *p, const int64_t *rs, const int64_t *cs) {
  const Work *w = arg;
  char *q[OPERANDS];
  for (int k = 0; k < w->nop; k++) q[k] = p[k];
  for (int64_t i = 0; i < m; i++) {
    step_row(w, n, q, cs);
    for (int k = 0; k < w->nop; k++) q[k] += rs[k];
  }
}

void tide__step(int step, int dtype, const tide__Iter *it, char *const *data, const double *k) {
  Work w = {steps()->step[step][dtype], k, it->nop, (int64_t)tide__size[dtype]};
  tide__row_blocks(it, data, step_rows, &w);
}
