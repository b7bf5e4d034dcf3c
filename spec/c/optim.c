/* Optimisers from C: steps with momentum and of Adam by hand, and a step that fails changes nothing. */
#include <math.h>
#include <stdio.h>

#include "tide.h"

static int failed;

static void near(const char *what, double expected, double got) {
  if (!(fabs(expected - got) <= 1e-12)) failed = printf("%s: %.17g expected, got %.17g\n", what, expected, got);
}

static tide_Tensor *leaf(tide_Context *c, double a, double b) {
  tide_Tensor *p = tide_from_data(c, TIDE_FLOAT64, 1, (int64_t[]){2}, (double[]){a, b});
  tide_set_requires_grad(p, 1);
  tide_set_grad(p, tide_from_data(c, TIDE_FLOAT64, 1, (int64_t[]){2}, (double[]){1, -2}));
  return p;
}

static void begin(int rule, const double *h, tide_Update *u) {
  for (int i = 0; tide_optim_state(rule, i); i++) if (tide_optim_has(rule, i, h)) u->state[i] = tide_optim_begin(rule, i, h, u->param);
}

static void momentum(tide_Context *c) {
  double h[TIDE_OPTIM_NUMBERS] = {[TIDE_OPTIM_LR] = 0.1, [TIDE_OPTIM_MOMENTUM] = 0.5};
  tide_Update u = {.param = leaf(c, 1, 2), .fresh = 1};
  begin(TIDE_OPTIM_SGD, h, &u);
  int64_t version = tide_version_of(u.param);
  for (int i = 0; i < 2; i++, u.fresh = 0) if (!tide_optim_step(c, TIDE_OPTIM_SGD, h, 1, &u)) failed = printf("%s\n", tide_error(c));
  near("momentum, 1", 1 - 0.1 - 0.1 * 1.5, tide_element(u.param, 0));
  near("momentum, 2", 2 + 0.2 + 0.1 * 3, tide_element(u.param, 1));
  near("the buffer", -3, tide_element(u.state[0], 1));
  if (tide_version_of(u.param) != version + 2) failed = printf("writes are not counted\n");
}

static void adam(tide_Context *c) {
  double h[TIDE_OPTIM_NUMBERS] = {[TIDE_OPTIM_LR] = 0.1, [TIDE_OPTIM_BETA1] = 0.9, [TIDE_OPTIM_BETA2] = 0.99, [TIDE_OPTIM_EPS] = 1e-8};
  tide_Update u = {.param = leaf(c, 1, 2)};
  begin(TIDE_OPTIM_ADAM, h, &u);
  if (u.state[3]) failed = printf("a maximum without amsgrad\n");
  if (!tide_optim_step(c, TIDE_OPTIM_ADAM, h, 1, &u)) failed = printf("%s\n", tide_error(c));
  near("adam, 1", 1 - 0.1 / (1 + 1e-8), tide_element(u.param, 0));
  near("adam, 2", 2 + 0.2 / (2 + 1e-8), tide_element(u.param, 1));
  near("its step", 1, tide_element(u.state[0], 0));
}

/* Of two parameters the second one has no grad. */
static void all_or_none(tide_Context *c) {
  double h[TIDE_OPTIM_NUMBERS] = {[TIDE_OPTIM_LR] = 0.1};
  tide_Update u[2] = {{.param = leaf(c, 1, 2)}, {.param = leaf(c, 1, 2)}};
  tide_set_grad(u[1].param, NULL);
  if (tide_optim_step(c, TIDE_OPTIM_SGD, h, 2, u) || tide_error_code(c) != TIDE_EGRAD) failed = printf("a step without a grad\n");
  tide_clear_error(c);
  near("the first", 1, tide_element(u[0].param, 0));
}

int main(void) {
  tide_Context *c = tide_open(NULL);
  if (!c) return 1;
  int64_t tensors = tide_memory_stats(c).tensors;
  tide_Scope scope = tide_scope(c);
  momentum(c);
  adam(c);
  all_or_none(c);
  tide_close(c, scope, NULL);
  if (tide_memory_stats(c).tensors != tensors) failed = printf("tensors are left\n");
  tide_shutdown(c);
  return failed != 0;
}
