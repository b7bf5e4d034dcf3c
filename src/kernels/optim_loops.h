/*
** Steps of optimisers in dtype T at one instruction-set level, whose file includes this once for each T.
**
** STEP writes a loop over elements: x is one of the parameter, g of the gradient, a b c of the states. Where PyTorch's kernels use a fused multiplication and
** addition so do these, if the machine has one: a step then rounds as the same step made of PyTorch's operators.
*/
#include "kernels/math.h"
#include "kernels/optim.h"

#ifndef STEP
#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(f)      PASTE(f, T)

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define v_fma(a, b, c) _Generic((a), float: __builtin_fmaf, default: __builtin_fma)(a, b, c)
#else
#define v_fma(a, b, c) ((a) * (b) + (c))
#endif

/* Declarations, loads and stores of 0 to 3 states. */
#define STATES_0(M)
#define STATES_1(M) M(a)
#define STATES_2(M) M(a) M(b)
#define STATES_3(M) M(a) M(b) M(c)
#define OPEN(v)  T *v##s = v##_;
#define LOAD(v)  T v = v##s[i];
#define STORE(v) v##s[i] = v;

/* CONSTANTS: those of the loop, from `k`. */
#define STEP(name, nstates, CONSTANTS, BODY) \
  static void NAME(name)(int64_t n, void *restrict x_, const void *restrict g_, void *restrict a_, void *restrict b_, void *restrict c_, const double *k) { \
    const T sign = (T)k[SIGN], decay = (T)k[DECAY], keep = (T)k[KEEP]; \
    CONSTANTS \
    T *xs = x_; \
    const T *gs = g_; \
    (void)a_; (void)b_; (void)c_; \
    STATES_##nstates(OPEN) \
    for (int64_t i = 0; i < n; i++) { \
      T x = xs[i], g = gs[i] * sign; \
      STATES_##nstates(LOAD) \
      g = decay != 0 ? v_fma(x, decay, g) : g; \
      x *= keep; \
      BODY \
      xs[i] = x; \
      STATES_##nstates(STORE) \
    } \
  }

/* A constant of T. from + weight (to - from), from the nearer end; `share` of the way from there. y + f u v. */
#define NUMBER(v, K)         const T v = (T)k[K];
#define LERP(from, to)       v_fma(share, (to) - (from), near ? (from) : (to))
#define ADDCMUL(y, f, u, v)  v_fma((f) * (u), v, y)

/*
** sqrt(v) / scale without a division for each element: scale is a constant, `inverse` its rounded reciprocal. Their product, less than 3/2 units in the last place
** from the quotient, becomes the rounded quotient by one step with its remainder (Markstein). Square roots are far from where that could underflow; infinity has none.
*/
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define SCALED_ROOT(size, v) T root = v_sqrt(v), size = root * inverse; size = (v) < (T)INFINITY ? v_fma(v_fma(-size, scale, root), inverse, size) : size;
#else
#define SCALED_ROOT(size, v) (void)inverse; T size = v_sqrt(v) / scale;
#endif

#define ROOT_SCALE  NUMBER(scale, SCALE) const T inverse = 1 / scale;
#define SHARE       NUMBER(weight, WEIGHT) const int near = v_abs(weight) < (T)0.5; const T share = near ? weight : weight - 1; (void)near; (void)share;
#define MOMENTS     SHARE NUMBER(beta, BETA) NUMBER(complement, COMPLEMENT) NUMBER(eps, EPS) NUMBER(rate, RATE)
#define AVERAGE     a = LERP(a, g);
#define AVERAGES    AVERAGE b = ADDCMUL(b * beta, complement, g, g);
#define SQUARES     a = ADDCMUL(a * beta, complement, g, g);
#endif

/* RATE -lr; states: momentum_buffer. FRESH: it begins as the gradient. */
STEP(sgd, 0, NUMBER(rate, RATE), x = v_fma(g, rate, x);)
STEP(momentum, 1, NUMBER(rate, RATE) NUMBER(momentum, MOMENTUM) NUMBER(gain, GAIN) const int nesterov = k[NESTEROV] != 0; const int fresh = k[FRESH] != 0;,
  a = fresh ? g : v_fma(g, gain, a * momentum);
  g = nesterov ? v_fma(a, momentum, g) : a;
  x = v_fma(g, rate, x);)

/* RATE -lr / (1 - beta1^t), SCALE sqrt(1 - beta2^t); states: exp_avg, exp_avg_sq, max_exp_avg_sq. */
STEP(adam, 2, MOMENTS ROOT_SCALE, AVERAGES SCALED_ROOT(size, b) x += rate * a / (size + eps);)
STEP(amsgrad, 3, MOMENTS ROOT_SCALE, AVERAGES c = v_max(c, b); SCALED_ROOT(size, c) x += rate * a / (size + eps);)

/* RATE -lr; states: square_avg, momentum_buffer, grad_avg. */
STEP(rmsprop, 1, MOMENTS, SQUARES x += rate * g / (v_sqrt(a) + eps);)
STEP(rmsprop_momentum, 2, MOMENTS NUMBER(momentum, MOMENTUM),
  SQUARES
  b = b * momentum + g / (v_sqrt(a) + eps);
  x = v_fma(b, rate, x);)
STEP(rmsprop_centered, 2, MOMENTS,
  SQUARES
  b = LERP(b, g);
  x += rate * g / (v_sqrt(v_fma(-b, b, a)) + eps);)
STEP(rmsprop_both, 3, MOMENTS NUMBER(momentum, MOMENTUM),
  SQUARES
  c = LERP(c, g);
  b = b * momentum + g / (v_sqrt(v_fma(-c, c, a)) + eps);
  x = v_fma(b, rate, x);)

/* RATE -lr / (1 + (t - 1) lr_decay); states: sum. */
STEP(adagrad, 1, NUMBER(rate, RATE) NUMBER(eps, EPS), a = v_fma(g, g, a); x += rate * g / (v_sqrt(a) + eps);)
/* RATE -lr / (1 - beta1^t); states: exp_avg, exp_inf. */
STEP(adamax, 2, MOMENTS (void)complement;,
  AVERAGE
  b *= beta;
  T size = v_abs(g) + eps;
  b = v_max(b, size);
  x += rate * a / b;)
/* SCALE 1 - beta2^t, RATE of the gradient, RATE2 of its average; states: exp_avg, exp_avg_sq. */
STEP(nadam, 2, MOMENTS NUMBER(scale, SCALE) NUMBER(rate2, RATE2),
  AVERAGES
  T size = v_sqrt(b / scale) + eps;
  x += rate * g / size;
  x += rate2 * a / size;)
/* RATE lr, RATE2 1 - beta1^t, SCALE sqrt(1 - beta2^t), RECTIFY 0 where the variance is not tractable yet; states: exp_avg, exp_avg_sq. */
STEP(radam, 2, MOMENTS NUMBER(scale, SCALE) NUMBER(rate2, RATE2) NUMBER(rectify, RECTIFY),
  AVERAGES
  T update = a / rate2 * rate;
  update = rectify != 0 ? update * (1 / (v_sqrt(b) + eps) * scale) * rectify : update;
  x -= update;)

#define BOTH(name) {PASTE(name, float), PASTE(name, double)}
#define STEPS {.step = {[STEP_SGD] = BOTH(sgd), [STEP_MOMENTUM] = BOTH(momentum), [STEP_ADAM] = BOTH(adam), [STEP_AMSGRAD] = BOTH(amsgrad), [STEP_RMSPROP] = BOTH(rmsprop), \
                        [STEP_RMSPROP_MOMENTUM] = BOTH(rmsprop_momentum), [STEP_RMSPROP_CENTERED] = BOTH(rmsprop_centered), [STEP_RMSPROP_BOTH] = BOTH(rmsprop_both), \
                        [STEP_ADAGRAD] = BOTH(adagrad), [STEP_ADAMAX] = BOTH(adamax), [STEP_NADAM] = BOTH(nadam), [STEP_RADAM] = BOTH(radam)}}

#undef T
