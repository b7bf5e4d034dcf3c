/*
** Operators of the host's, defined with their derivatives: one pointwise (softsquare, x^2 / (1 + |x|^2)), one of two inputs and two
** outputs, one that reads memory itself. Their first and second derivatives are checked against differences. Uses tide.h alone.
*/
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tide.h"

static int failures = 0;
#define CHECK(condition, ...) do { if (!(condition)) { failures++; printf("line %d: ", __LINE__); printf(__VA_ARGS__); puts(""); } } while (0)

/* y = x^2 / (1 + x^2), computed through memory; dy/dx = 2 x / (1 + x^2)^2, written with operators */
static int softsquare(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor **out) {
  int *calls = arg;
  ++*calls;
  tide_Tensor *x = tide_contiguous(in[0]);
  if (!x || tide_dtype(x) != TIDE_FLOAT64) { tide_fail(c, TIDE_EDTYPE, "softsquare: float64 only"); return 0; }
  tide_Tensor *y = tide_from_data(c, TIDE_FLOAT64, tide_ndim(x), tide_shape(x), NULL);
  if (!y) return 0;
  const double *from = tide_data(x);
  double *to = tide_data(y);
  for (int64_t i = 0; i < tide_numel(x); i++) to[i] = from[i] * from[i] / (1 + from[i] * from[i]);
  out[0] = y;
  return 1;
}

static int softsquare_vjp(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor *const *out, tide_Tensor *const *g, tide_Tensor **gi) {
  (void)arg;
  (void)out;
  tide_Tensor *one = tide_add(tide_mul(in[0], in[0]), tide_number(c, 1));
  gi[0] = tide_mul(g[0], tide_div(tide_mul(in[0], tide_number(c, 2)), tide_mul(one, one)));
  return 1;
}

/* (a, b) -> (a b, a / b); the second derivative goes through the saved outputs */
static int both(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor **out) {
  (void)arg;
  (void)c;
  out[0] = tide_mul(in[0], in[1]);
  out[1] = tide_div(in[0], in[1]);
  return 1;
}

static int both_vjp(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor *const *out, tide_Tensor *const *g, tide_Tensor **gi) {
  (void)arg;
  (void)c;
  gi[0] = tide_add(tide_mul(g[0], in[1]), tide_div(g[1], in[1]));
  gi[1] = tide_sub(tide_mul(g[0], in[0]), tide_mul(g[1], tide_div(out[1], in[1])));
  return 1;
}

/* no derivative */
static int steps(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor **out) {
  (void)arg;
  (void)c;
  out[0] = tide_floor(in[0]);
  return 1;
}

static int silent(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor **out) {
  (void)arg; (void)c; (void)in; (void)out;
  return 0;
}

static void count(void *arg) { ++*(int *)arg; }

/* The scalar whose derivatives are taken: a weighted sum of what the two operators make of x and y. */
static tide_Tensor *value(tide_Context *c, tide_Tensor *x, tide_Tensor *y) {
  tide_Tensor *second, *pair[2];
  pair[0] = tide_call_defined(c, "softsquare", 1, &x, NULL);
  pair[1] = y;
  tide_Tensor *first = tide_call_defined(c, "both", 2, pair, &second);
  return tide_sum(tide_mul(tide_add(first, tide_mul(second, tide_number(c, 0.5))), tide_sin(x)), -1);
}

#define N 5
static const double X0[N] = {-1.5, -0.3, 0.2, 0.9, 2.1}, Y0[N] = {0.7, 1.9, 2.6, 0.8, 1.1};

/* d value / d (x, y) in g[0..2N), at the point p. */
static int gradient(tide_Context *c, const double *p, double *g) {
  tide_Scope scope = tide_scope(c);
  tide_Tensor *v[2] = {tide_from_data(c, TIDE_FLOAT64, 1, (int64_t[]){N}, p), tide_from_data(c, TIDE_FLOAT64, 1, (int64_t[]){N}, p + N)}, *r[2];
  tide_set_requires_grad(v[0], 1);
  tide_set_requires_grad(v[1], 1);
  tide_Tensor *y = value(c, v[0], v[1]);
  int ok = tide_grad(1, &y, NULL, 2, v, r, 0);
  for (int i = 0; ok && i < N; i++) { g[i] = tide_element(r[0], i); g[N + i] = tide_element(r[1], i); }
  tide_close(c, scope, NULL);
  return ok;
}

static double value_at(tide_Context *c, const double *p) {
  tide_Scope scope = tide_scope(c);
  tide_Tensor *y = value(c, tide_from_data(c, TIDE_FLOAT64, 1, (int64_t[]){N}, p), tide_from_data(c, TIDE_FLOAT64, 1, (int64_t[]){N}, p + N));
  double v = y ? tide_element(y, 0) : NAN;
  tide_close(c, scope, NULL);
  return v;
}

/* First order: against differences of the value. Second: d(v . gradient) against differences of the gradient along v. */
static void derivatives(tide_Context *c) {
  double p[2 * N], q[2 * N], g[2 * N], low[2 * N], high[2 * N], v[2 * N], h = 1e-5;
  memcpy(p, X0, sizeof X0);
  memcpy(p + N, Y0, sizeof Y0);
  CHECK(gradient(c, p, g), "%s", tide_error(c));
  for (int i = 0; i < 2 * N; i++) {
    memcpy(q, p, sizeof q);
    q[i] = p[i] + h;
    double up = value_at(c, q);
    q[i] = p[i] - h;
    double d = (up - value_at(c, q)) / (2 * h);
    CHECK(fabs(d - g[i]) < 1e-7, "derivative %d is %.10g, by differences %.10g", i, g[i], d);
    v[i] = cos(i + 1.0);
  }
  for (int i = 0; i < 2 * N; i++) q[i] = p[i] + h * v[i];
  gradient(c, q, high);
  for (int i = 0; i < 2 * N; i++) q[i] = p[i] - h * v[i];
  gradient(c, q, low);

  tide_Scope scope = tide_scope(c);
  tide_Tensor *t[2], *r[2], *w[2];
  for (int k = 0; k < 2; k++) {
    t[k] = tide_from_data(c, TIDE_FLOAT64, 1, (int64_t[]){N}, p + k * N);
    w[k] = tide_from_data(c, TIDE_FLOAT64, 1, (int64_t[]){N}, v + k * N);
    tide_set_requires_grad(t[k], 1);
  }
  tide_Tensor *y = value(c, t[0], t[1]);
  CHECK(tide_grad(1, &y, NULL, 2, t, r, TIDE_CREATE_GRAPH | TIDE_RETAIN_GRAPH), "%s", tide_error(c));
  tide_Tensor *along = tide_add(tide_sum(tide_mul(r[0], w[0]), -1), tide_sum(tide_mul(r[1], w[1]), -1));
  CHECK(tide_grad(1, &along, NULL, 2, t, r, 0), "%s", tide_error(c));
  for (int i = 0; i < 2 * N && failures == 0; i++) {
    double d = (high[i] - low[i]) / (2 * h), s = tide_element(r[i / N], i % N);
    CHECK(fabs(d - s) < 1e-6, "second derivative %d is %.10g, by differences %.10g", i, s, d);
  }
  tide_close(c, scope, NULL);
}

/* What can go wrong is an error, and leaves the context as it was. */
static void errors(tide_Context *c) {
  int released = 0;
  tide_Definition d = {sizeof d, "softsquare", 1, 1, softsquare, NULL, &released, count};
  CHECK(!tide_define(c, &d) && tide_error_code(c) == TIDE_EARG && released == 1, "defined twice: %s", tide_error(c));
  tide_clear_error(c);
  d = (tide_Definition){sizeof d, "add", 1, 1, steps, NULL, NULL, NULL};
  CHECK(!tide_define(c, &d), "tide's own name was taken");
  tide_clear_error(c);
  d = (tide_Definition){sizeof d, "wide", 9, 1, steps, NULL, NULL, NULL};
  CHECK(!tide_define(c, &d), "nine inputs were accepted");
  tide_clear_error(c);
  tide_Tensor *x = tide_ones(c, (int64_t[]){3}, 1, TIDE_FLOAT32), *pair[2] = {x, NULL};
  CHECK(!tide_call_defined(c, "nothing", 1, &x, NULL), "an operator that is not there was called");
  CHECK(strstr(tide_error(c), "nothing"), "%s", tide_error(c));
  tide_clear_error(c);
  CHECK(!tide_call_defined(c, "both", 1, &x, NULL), "one input for two was accepted");
  tide_clear_error(c);
  CHECK(!tide_call_defined(c, "both", 2, pair, NULL) && !*tide_error(c), "NULL does not give NULL");
  CHECK(!tide_call_defined(c, "softsquare", 1, &x, NULL) && !strcmp(tide_error(c), "softsquare: float64 only"), "'%s'", tide_error(c));
  tide_clear_error(c);
  d = (tide_Definition){sizeof d, "silent", 1, 1, silent, NULL, NULL, NULL};
  CHECK(tide_define(c, &d), "%s", tide_error(c));
  CHECK(!tide_call_defined(c, "silent", 1, &x, NULL) && tide_error_code(c) == TIDE_ECALLBACK, "'%s'", tide_error(c));
  tide_clear_error(c);
  d = (tide_Definition){sizeof d, "steps", 1, 1, steps, NULL, NULL, NULL};
  CHECK(tide_define(c, &d), "%s", tide_error(c));
  tide_set_requires_grad(x, 1);
  CHECK(!tide_requires_grad(tide_call_defined(c, "steps", 1, &x, NULL)), "an operator without a derivative was recorded");
}

int main(void) {
  int calls = 0, released = 0;
  tide_Context *c = tide_open(NULL);
  if (!c) return 1;
  tide_Definition d = {sizeof d, "softsquare", 1, 1, softsquare, softsquare_vjp, &calls, NULL};
  CHECK(tide_define(c, &d), "%s", tide_error(c));
  d = (tide_Definition){sizeof d, "both", 2, 2, both, both_vjp, &released, count};
  CHECK(tide_define(c, &d), "%s", tide_error(c));
  derivatives(c);
  errors(c);
  CHECK(calls > 0, "forward was never called");
  CHECK(tide_definition(c, "both")->nout == 2 && !tide_definition(c, "neither"), "definitions are not found by name");
  tide_Tensor *x = tide_ones(c, (int64_t[]){3}, 1, TIDE_FLOAT64);
  tide_set_requires_grad(x, 1);
  tide_Tensor *y = tide_call_defined(c, "softsquare", 1, &x, NULL);
  CHECK(y && !strcmp(tide_node_name(tide_grad_fn(y, NULL)), "softsquareBackward"), "%s", tide_error(c));
  tide_shutdown(c);
  CHECK(released == 1, "released %d times", released);
  return failures != 0;
}
