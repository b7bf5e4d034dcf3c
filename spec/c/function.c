/*
** Functions with a derivative of the host's own, hooks and saved-tensor hooks, from C. Uses tide.h alone.
*/
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tide.h"

static int failures = 0;
#define CHECK(condition, ...) do { if (!(condition)) { failures++; printf("line %d: ", __LINE__); printf(__VA_ARGS__); puts(""); } } while (0)

static tide_Tensor *leaf(tide_Context *c, double v) {
  tide_Tensor *t = tide_from_data(c, TIDE_FLOAT64, 1, (int64_t[]){1}, &v);
  tide_set_requires_grad(t, 1);
  return t;
}

static double value(const tide_Tensor *t) { return t ? tide_element(t, 0) : NAN; }


/* {======================== functions ======================== */

static int released = 0;
static void count_release(void *arg) { (void)arg; released++; }

/* exp, from its saved result */
static int exp_vjp(void *arg, tide_Node *n, int nout, tide_Tensor *const *g, int nin, tide_Tensor **gi) {
  (void)arg; (void)nout; (void)nin;
  gi[0] = tide_mul(g[0], tide_node_saved(n, 0));
  return gi[0] != NULL;
}

static tide_Tensor *my_exp(tide_Context *c, tide_Tensor *x) {
  int grad = tide_set_grad_mode(c, 0);
  tide_Tensor *y = tide_exp(x);
  tide_set_grad_mode(c, grad);
  tide_Function f = {.size = sizeof f, .name = "MyExpBackward", .vjp = exp_vjp, .release = count_release, .materialize = 1, .nsaved = 1, .saved = &y};
  return y && tide_function(c, &f, NULL, 1, &x, 1, &y, 0, 0) ? y : NULL;
}

/* x += 1 in place, with a gradient seven times too large */
static int seven_vjp(void *arg, tide_Node *n, int nout, tide_Tensor *const *g, int nin, tide_Tensor **gi) {
  (void)arg; (void)nout; (void)nin;
  gi[0] = tide_mul(g[0], tide_number(tide_node_context(n), 7));
  return gi[0] != NULL;
}

static int add_one(tide_Context *c, tide_Tensor *x) {
  int grad = tide_set_grad_mode(c, 0);
  tide_Tensor *y = tide_add_(x, tide_number(c, 1));
  tide_set_grad_mode(c, grad);
  tide_Function f = {.size = sizeof f, .name = "AddOneBackward", .vjp = seven_vjp, .release = count_release};
  return y && tide_function(c, &f, NULL, 1, &x, 1, &y, 1, 0) && y == x;
}

static void functions(tide_Context *c) {
  tide_Scope scope = tide_scope(c);
  tide_Tensor *x = leaf(c, 0.5), *y = my_exp(c, x), *g, *h;
  CHECK(y && !strcmp(tide_node_name(tide_grad_fn(y, NULL)), "MyExpBackward"), "the node's name");
  CHECK(tide_grad(1, &y, NULL, 1, &x, &g, TIDE_CREATE_GRAPH | TIDE_RETAIN_GRAPH) && tide_grad(1, &g, NULL, 1, &x, &h, 0), "%s", tide_error(c));
  CHECK(fabs(value(g) - exp(0.5)) < 1e-12 && fabs(value(h) - exp(0.5)) < 1e-12, "derivatives %g %g", value(g), value(h));
  tide_Tensor *a = tide_mul(x, tide_number(c, 1));
  CHECK(add_one(c, a) && tide_backward(1, &a, NULL, 0) && value(tide_get_grad(x)) == 7, "in place: %s", tide_error(c));
  tide_Tensor *wide = tide_mul(tide_expand(x, (int64_t[]){3}, 1), tide_number(c, 1)), *part = tide_narrow(wide, 0, 0, 1), *sum;
  tide_set_grad(x, NULL);
  CHECK(add_one(c, part) && (sum = tide_sum(wide, -1)) && tide_backward(1, &sum, NULL, 0) && value(tide_get_grad(x)) == 9, "in place, a view: %s", tide_error(c));
  CHECK(!add_one(c, x) && tide_error_code(c) == TIDE_EGRAD, "a leaf was changed in place");
  tide_clear_error(c);
  y = my_exp(c, tide_mul(x, tide_number(c, 1)));
  tide_add_(tide_detach(y), tide_number(c, 1));
  CHECK(!tide_backward(1, &y, NULL, 0) && tide_error_code(c) == TIDE_EVERSION, "a saved value was changed: %s", tide_error(c));
  tide_clear_error(c);
  tide_close(c, scope, NULL);
  CHECK(released == 5, "%d functions let go, not 5", released);
}

/* }========================================================= */


/* {======================== hooks ======================== */

static char order[64];

static int note(void *arg, tide_Node *n, int count, tide_Tensor **g, int nalso, tide_Tensor *const *also) {
  (void)n; (void)nalso; (void)also;
  const char *name = arg;
  strncat(order, name, sizeof order - strlen(order) - 1);
  if (*name == 'T' && count == 1) g[0] = tide_mul(g[0], tide_number(tide_context(g[0]), 10));
  return 1;
}

static int refuse(void *arg, tide_Node *n, int count, tide_Tensor **g, int nalso, tide_Tensor *const *also) {
  (void)arg; (void)count; (void)g; (void)nalso; (void)also;
  return tide_fail(tide_node_context(n), TIDE_ECALLBACK, "refused") != NULL;
}

static void hooks(tide_Context *c) {
  tide_Scope scope = tide_scope(c);
  tide_Tensor *x = leaf(c, 2), *y = tide_mul(x, tide_number(c, 3));
  int output;
  tide_Node *node = tide_gradient_edge(y, &output), *last = tide_gradient_edge(x, NULL);
  released = 0;
  tide_hook(node, TIDE_HOOK_TENSOR, output, note, "T", count_release);
  tide_hook(node, TIDE_HOOK_PRE, 0, note, "p", NULL);
  tide_hook(node, TIDE_HOOK_POST, 0, note, "P", NULL);
  tide_hook(last, TIDE_HOOK_TENSOR, 0, note, "l", NULL);
  tide_hook(last, TIDE_HOOK_PRE, 0, note, "q", NULL);
  int id = tide_hook(last, TIDE_HOOK_ACCUMULATED, 0, note, "a", count_release);
  tide_hook(last, TIDE_HOOK_POST, 0, note, "Q", NULL);
  CHECK(tide_backward(1, &y, NULL, TIDE_RETAIN_GRAPH) && !strcmp(order, "TpPlqaQ"), "order %s", order);
  CHECK(value(tide_get_grad(x)) == 30, "the gradient is %g", value(tide_get_grad(x)));
  tide_unhook(last, id);
  CHECK(released == 1, "the hook was not let go");
  order[0] = 0;
  CHECK(tide_backward(1, &y, NULL, TIDE_RETAIN_GRAPH) && !strcmp(order, "TpPlqQ"), "order %s", order);
  id = tide_hook(node, TIDE_HOOK_PRE, 0, refuse, NULL, NULL);
  CHECK(!tide_backward(1, &y, NULL, TIDE_RETAIN_GRAPH) && !strcmp(tide_error(c), "refused"), "%s", tide_error(c));
  tide_clear_error(c);
  tide_unhook(node, id);
  tide_close(c, scope, NULL);
  CHECK(released == 2, "%d hooks let go, not 2", released);
}

/* }========================================================= */


/* {======================== saved tensors ======================== */

static int packed = 0;

static void *pack(void *arg, tide_Tensor *t) { (void)arg; packed++; return tide_retain(t); }
static tide_Tensor *unpack(void *p) { return p; }
static void let_go(void *p) { packed--; tide_release(p); }

static void saved(tide_Context *c) {
  const tide_PackHooks h = {NULL, pack, unpack, let_go};
  tide_Scope scope = tide_scope(c);
  tide_Tensor *x = leaf(c, 3);
  tide_set_pack_hooks(c, &h);
  tide_Tensor *y = my_exp(c, tide_mul(x, x));
  tide_set_pack_hooks(c, NULL);
  CHECK(packed == 3, "%d values are packed, not 3", packed);
  CHECK(tide_backward(1, &y, NULL, 0), "%s", tide_error(c));
  CHECK(fabs(value(tide_get_grad(x)) - 6 * exp(9)) < 1e-8, "the gradient is %g", value(tide_get_grad(x)));
  CHECK(packed == 0, "%d values are packed still", packed);
  tide_close(c, scope, NULL);
}

/* }========================================================= */

int main(void) {
  tide_Context *c = tide_open(NULL);
  functions(c);
  hooks(c);
  saved(c);
  tide_Stats s = tide_memory_stats(c);
  CHECK(s.tensors == 0 && s.nodes == 0, "%lld tensors and %lld nodes are left", (long long)s.tensors, (long long)s.nodes);
  tide_shutdown(c);
  if (!failures) puts("functions and hooks: passed");
  return failures != 0;
}
