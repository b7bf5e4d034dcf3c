/* Losses of dtype T at one instruction-set level, whose file includes this once for each T. */
#include "kernels/loss.h"
#include "kernels/math.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(f)      PASTE(f, T)
#define HEAD(name)   static void NAME(name)(int64_t n, char *const *p, const int64_t *s, const double *param)
#define READ(k)      (*(const T *)(p[k] + i * s[k]))
#define WRITE(v)     (*(T *)(p[0] + i * s[0]) = (T)(v))
#define BLOCK        512

/* E of the difference d = |x - t| */
#define OF_DIFFERENCE(name, E) HEAD(name) { \
    const T limit = param ? (T)param[0] : 0; \
    (void)limit; \
    if (s[0] == sizeof(T) && s[1] == sizeof(T) && s[2] == sizeof(T)) { \
      T *y = (T *)p[0]; \
      const T *x = (const T *)p[1], *t = (const T *)p[2]; \
      for (int64_t i = 0; i < n; i++) { T d = v_abs(x[i] - t[i]); y[i] = (T)(E); } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) { T d = v_abs(READ(1) - READ(2)); WRITE(E); } \
  }
OF_DIFFERENCE(mse, d * d)
OF_DIFFERENCE(smooth_l1, d < limit ? d * d / limit / 2 : d - limit / 2)
OF_DIFFERENCE(huber, d < limit ? d * d / 2 : limit * (d - limit / 2))

static inline T NAME(log_at_least)(T v) { return v > -100 ? v : v <= -100 ? (T)-100 : v; }

HEAD(bce) {
  (void)param;
  for (int64_t i = 0; i < n; i++) {
    T x = READ(1), t = READ(2);
    WRITE(READ(3) * ((t - 1) * NAME(log_at_least)(v_log1p(-x)) - t * NAME(log_at_least)(v_log(x))));
  }
}

/* log(1 + e^-x) without overflow */
HEAD(bce_logits) {
  (void)param;
  for (int64_t i = 0; i < n; i++) {
    T x = READ(1), t = READ(2), softplus = v_log1p(v_exp(-v_abs(x))) + (x < 0 ? -x : 0);
    WRITE(READ(3) * ((1 - t) * x + ((READ(4) - 1) * t + 1) * softplus));
  }
}

static double NAME(sum)(int64_t n, const T *x) {
  double lane[16] = {0}, sum = 0;
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) for (int j = 0; j < 16; j++) lane[j] += (double)x[i + j];
  for (; i < n; i++) sum += (double)x[i];
  for (int j = 0; j < 16; j++) sum += lane[j];
  return sum;
}

HEAD(total) {
  tide__LossTotal *total = (tide__LossTotal *)(void *)p[0];
  T y[BLOCK];
  char *q[5] = {(char *)y, p[1], p[2], p[3], p[4]};
  const int64_t stride[5] = {sizeof(T), s[1], s[2], s[3], s[4]};
  for (int64_t i = 0; i < n; i += BLOCK) {
    int64_t w = n - i < BLOCK ? n - i : BLOCK;
    total->each(w, q, stride, param);
    total->sum += NAME(sum)(w, y);
    for (int k = 1; k < 5; k++) q[k] += w * stride[k];
  }
}

#define PAIR(name) {PASTE(name, float), PASTE(name, double)}
#define LOSSES {.each = {[LOSS_MSE] = PAIR(mse), [LOSS_SMOOTH_L1] = PAIR(smooth_l1), [LOSS_HUBER] = PAIR(huber), [LOSS_BCE] = PAIR(bce), [LOSS_BCE_LOGITS] = PAIR(bce_logits)}, \
                .total = PAIR(total)}

#undef T
