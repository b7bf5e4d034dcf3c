/*
** A small regression trained from C: y = 3 a - 2 b + 0.5, found again from 64 samples by plain gradient descent. Uses tide.h alone.
*/
#include <math.h>
#include <stdio.h>

#include "tide.h"

#define SAMPLES 64
#define STEPS   400

static void fill(float *x, float *y) {
  for (int i = 0; i < SAMPLES; i++) {
    float a = (float)sin(0.7 * i), b = (float)cos(1.3 * i);
    x[2 * i] = a;
    x[2 * i + 1] = b;
    y[i] = 3 * a - 2 * b + 0.5f;
  }
}

/* One step; the loss, or -1. A scope takes everything that the step made. */
static double step(tide_Context *c, tide_Tensor *x, tide_Tensor *y, tide_Tensor *w, tide_Tensor *b) {
  tide_Scope scope = tide_scope(c);
  tide_Tensor *residual = tide_sub(tide_add(tide_squeeze(tide_matmul(x, w)), b), y);
  tide_Tensor *loss = tide_mean(tide_mul(residual, residual), -1);
  double value = -1;
  tide_set_grad(w, NULL);
  tide_set_grad(b, NULL);
  if (tide_backward(1, &loss, NULL, 0)) {
    int mode = tide_set_grad_mode(c, 0);
    value = tide_element(loss, 0);
    tide_sub_(w, tide_mul(tide_get_grad(w), tide_number(c, 0.1)));
    tide_sub_(b, tide_mul(tide_get_grad(b), tide_number(c, 0.1)));
    tide_set_grad_mode(c, mode);
  }
  tide_close(c, scope, NULL);
  return value;
}

int main(void) {
  float data[2 * SAMPLES], targets[SAMPLES];
  fill(data, targets);
  tide_Context *c = tide_open(NULL);
  if (!c) return 1;
  tide_Tensor *x = tide_from_memory(c, data, TIDE_FLOAT32, 2, (int64_t[]){SAMPLES, 2}, NULL, NULL, NULL);
  tide_Tensor *y = tide_from_memory(c, targets, TIDE_FLOAT32, 1, (int64_t[]){SAMPLES}, NULL, NULL, NULL);
  tide_Tensor *w = tide_zeros(c, (int64_t[]){2, 1}, 2, -1), *b = tide_zeros(c, NULL, 0, -1);
  tide_set_requires_grad(w, 1);
  tide_set_requires_grad(b, 1);
  int64_t tensors = tide_memory_stats(c).tensors;
  double loss = 0;
  for (int i = 0; i < STEPS && loss >= 0; i++) loss = step(c, x, y, w, b);
  int failed = 0;
  if (*tide_error(c)) failed = printf("%s\n", tide_error(c));
  else if (!(loss < 1e-6)) failed = printf("the loss is %g\n", loss);
  else if (fabs(tide_element(w, 0) - 3) > 1e-3 || fabs(tide_element(w, 1) + 2) > 1e-3 || fabs(tide_element(b, 0) - 0.5) > 1e-3)
    failed = printf("found %g, %g, %g\n", tide_element(w, 0), tide_element(w, 1), tide_element(b, 0));
  tide_set_grad(w, NULL);
  tide_set_grad(b, NULL);
  tide_Stats m = tide_memory_stats(c);
  if (m.nodes > 2 || m.tensors != tensors) failed = printf("%lld tensors and %lld nodes are left\n", (long long)m.tensors, (long long)m.nodes);
  tide_shutdown(c);
  return failed != 0;
}
