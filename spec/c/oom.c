/*
** Out of memory, everywhere. A program in steps - training, a hook, functions of the host's, writes to views, indexing, an error path - is
** run with its n-th allocation refused, for every n until none is. Each refusal must be an error, that step must work when it is tried
** again with memory at hand, the result must be the same, and the allocator must get everything back. Uses tide.h alone.
**
** Twice: refused from the n-th on until the step has ended, and the n-th only (as often as it is asked for again at once).
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tide.h"

#define SIZES(...) (int64_t[]){__VA_ARGS__}, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))


/* {======================== the allocator ======================== */

typedef struct Memory {
  long blocks, long_bytes;     /* out */
  long asked, refuse_at;       /* refuse_at 0: never */
  int for_good;                /* refuses from there on */
  size_t refused;              /* size of the request that was refused last */
  long refusals;
} Memory;

static void *allocate(void *ud, void *p, size_t osize, size_t nsize) {
  Memory *m = ud;
  if (nsize == 0) { m->blocks--; m->long_bytes -= (long)osize; free(p); return NULL; }
  if (m->refuse_at) {
    int again = m->refusals && m->refused == nsize && m->asked == m->refuse_at;      /* asked once more for the same */
    if (!again) m->asked++;
    if (again || m->asked == m->refuse_at || (m->for_good && m->asked > m->refuse_at)) { m->refused = nsize; m->refusals++; return NULL; }
  }
  m->blocks++;
  m->long_bytes += (long)nsize;
  return malloc(nsize);
}

/* }========================================================= */


/* {======================== the program ======================== */

typedef struct Program {
  tide_Context *c;
  tide_Tensor *x, *t, *w1, *b1, *w2, *v, *index, *base;
  int hooks, released;
  double sum;                  /* of what the steps found */
} Program;

/* Kept by the program; nothing changes if it failed. */
static int set(tide_Tensor **place, tide_Tensor *t) {
  if (!t) return 0;
  tide_keep(t);
  tide_release(*place);
  *place = t;
  return 1;
}

static int ramp(Program *p, tide_Tensor **place, int rows, int columns, int grad) {
  float f[64];
  for (int i = 0; i < rows * columns; i++) f[i] = (float)((i * 37 + 11) % 97 - 48) / 64;
  return set(place, tide_from_data(p->c, TIDE_FLOAT32, 2, (int64_t[]){rows, columns}, f)) && tide_set_requires_grad(*place, grad);
}

static int make_inputs(Program *p) { return ramp(p, &p->x, 8, 5, 0) && ramp(p, &p->t, 8, 2, 0); }
static int make_weights(Program *p) { return ramp(p, &p->w1, 5, 7, 1) && ramp(p, &p->b1, 1, 7, 1) && ramp(p, &p->w2, 7, 2, 1); }

static tide_Tensor *network(Program *p) { return tide_matmul(tide_tanh(tide_add(tide_matmul(p->x, p->w1), p->b1)), p->w2); }

static int add_result(Program *p, tide_Tensor *t) {
  tide_Tensor *s = tide_sum(tide_to(t, TIDE_FLOAT64, 0), -1);
  if (!s) return 0;
  p->sum += tide_element(s, 0);
  return 1;
}

static void no_grads(Program *p) { tide_set_grad(p->w1, NULL); tide_set_grad(p->b1, NULL); tide_set_grad(p->w2, NULL); }

static int train(Program *p) {
  no_grads(p);
  tide_Tensor *loss = tide_mean(tide_square(tide_sub(network(p), p->t)), -1);
  return tide_backward(1, &loss, NULL, 0) && add_result(p, loss);
}

static int update(Program *p, tide_Tensor *w) {
  tide_set_grad_mode(p->c, 0);
  tide_Tensor *done = tide_sub_(w, tide_mul(tide_get_grad(w), tide_number(p->c, 0.05)));
  tide_set_grad_mode(p->c, 1);
  return done != NULL;
}
static int update_w1(Program *p) { return update(p, p->w1); }
static int update_b1(Program *p) { return update(p, p->b1); }
static int update_w2(Program *p) { return update(p, p->w2); }

static int double_gradient(void *arg, tide_Node *node, int n, tide_Tensor **g, int nalso, tide_Tensor *const *also) {
  (void)node; (void)n; (void)nalso; (void)also;
  Program *p = arg;
  p->hooks++;
  return (g[0] = tide_mul(g[0], tide_number(p->c, 2))) != NULL;
}
static int look(void *arg, tide_Node *node, int n, tide_Tensor **g, int nalso, tide_Tensor *const *also) {
  (void)arg; (void)node; (void)n; (void)nalso; (void)also;
  return g[0] != NULL;
}
static void released(void *arg) { ((Program *)arg)->released++; }

static int hooks(Program *p) {
  no_grads(p);
  tide_Tensor *h = tide_tanh(tide_matmul(p->x, p->w1)), *loss = tide_sum(tide_mul(h, h), -1);
  if (!loss || !tide_retain_grad(h)) return 0;
  tide_Node *n = tide_grad_fn(h, NULL);
  if (!tide_hook(n, TIDE_HOOK_TENSOR, 0, double_gradient, p, released) || !tide_hook(n, TIDE_HOOK_PRE, 0, look, p, NULL) || !tide_hook(n, TIDE_HOOK_POST, 0, look, p, NULL)) return 0;
  tide_Node *leaf = tide_gradient_edge(p->w1, NULL);
  int id = leaf ? tide_hook(leaf, TIDE_HOOK_ACCUMULATED, 0, look, p, NULL) : 0;
  int ok = id && tide_backward(1, &loss, NULL, 0) && add_result(p, tide_get_grad(h)) && add_result(p, tide_get_grad(p->w1));
  if (id) tide_unhook(leaf, id);
  return ok;
}

/* A function with a derivative: y = x^3, with x saved. */
static int cube_vjp(void *arg, tide_Node *n, int nout, tide_Tensor *const *g, int nin, tide_Tensor **gi) {
  (void)nout; (void)nin;
  Program *p = arg;
  tide_Tensor *x = tide_node_saved(n, 0);
  gi[0] = tide_mul(g[0], tide_mul(tide_mul(x, x), tide_number(p->c, 3)));
  return 1;
}

static int function(Program *p) {
  no_grads(p);
  tide_set_grad_mode(p->c, 0);
  tide_Tensor *y = tide_mul(tide_mul(p->w1, p->w1), p->w1);
  tide_set_grad_mode(p->c, 1);
  if (!y) return 0;
  const tide_Function f = {sizeof f, "CubeBackward", cube_vjp, released, 1, 1, &p->w1};
  if (!tide_function(p->c, &f, p, 1, &p->w1, 1, &y, 0, 0)) return 0;
  tide_Tensor *loss = tide_sum(y, -1), *g[1];
  if (!tide_grad(1, &loss, NULL, 1, &p->w1, g, TIDE_CREATE_GRAPH | TIDE_RETAIN_GRAPH)) return 0;
  tide_Tensor *second = tide_sum(tide_mul(g[0], g[0]), -1);
  return tide_backward(1, &second, NULL, 0) && add_result(p, g[0]) && add_result(p, tide_get_grad(p->w1));
}

/* An operator of the host's. */
static int twice(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor **out) {
  (void)arg;
  return (out[0] = tide_mul(in[0], tide_number(c, 2))) != NULL;
}
static int twice_vjp(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor *const *out, tide_Tensor *const *g, tide_Tensor **gi) {
  (void)arg; (void)in; (void)out;
  return (gi[0] = tide_mul(g[0], tide_number(c, 2))) != NULL;
}
static int define(Program *p) {
  const tide_Definition d = {sizeof d, "twice", 1, 1, twice, twice_vjp, p, released};
  return tide_define(p->c, &d);
}
static int defined(Program *p) {
  no_grads(p);
  tide_Tensor *y = tide_sum(tide_call_defined(p->c, "twice", 1, &p->w1, NULL), -1);
  return tide_backward(1, &y, NULL, 0) && add_result(p, y) && add_result(p, tide_get_grad(p->w1));
}

/* Writes into views of a tensor with history, whose gradient is retained. */
static int views(Program *p) {
  no_grads(p);
  tide_Tensor *h = tide_mul(p->w1, tide_number(p->c, 1));
  tide_Tensor *row = tide_select(h, 0, 1), *part = tide_narrow(h, 1, 2, 3), *turned = tide_transpose(h, 0, 1);
  if (!turned || !tide_retain_grad(h) || !tide_mul_(row, tide_select(p->w1, 0, 2)) || !tide_mul_(part, tide_number(p->c, 1.5)) || !tide_copy_(tide_select(turned, 0, 0), tide_select(p->w1, 1, 0)) || !tide_fill_(tide_select(h, 0, 4), tide_number(p->c, 3))) return 0;
  tide_Tensor *loss = tide_sum(tide_mul(h, turned ? tide_transpose(turned, 0, 1) : NULL), -1);
  return tide_backward(1, &loss, NULL, 0) && add_result(p, tide_get_grad(h)) && add_result(p, tide_get_grad(p->w1));
}

/* In place, on tensors and on shapes, five dimensions and more (whose sizes have memory of their own). */
static int inplace(Program *p) {
  tide_Tensor *h = tide_mul(p->w2, tide_number(p->c, 2));
  if (!h || !tide_retain_grad(h) || !tide_sin_(h) || !tide_unsqueeze_(h, 0) || !tide_mul_(h, tide_exp(h))) return 0;
  tide_Tensor *wide = tide_reshape(h, SIZES(1, 1, 7, 1, 2, 1)), *loss = tide_sum(tide_mul(wide, tide_permute(wide, SIZES(5, 4, 3, 2, 1, 0))), -1), *g[1];
  return tide_grad(1, &loss, NULL, 1, &p->w2, g, 0) && add_result(p, g[0]);
}

static int make_base(Program *p) { return ramp(p, &p->base, 6, 6, 0) && set(&p->index, tide_from_data(p->c, TIDE_INT64, 1, (int64_t[]){3}, (int64_t[]){4, 0, 2})); }

static int indexing(Program *p) {
  tide_At rows[] = {{TIDE_AT_TENSOR, 0, 0, 0, p->index}, {TIDE_AT_RANGE, 1, 4, 2, NULL}};
  tide_At mask[] = {{TIDE_AT_TENSOR, 0, 0, 0, tide_gt(p->w1, tide_number(p->c, 0))}};
  if (!mask[0].t) return 0;
  tide_Tensor *h = tide_clone(tide_matmul(p->x, p->w1)), *picked = tide_at(p->w1, 1, mask);
  if (!h || !tide_set_at(h, 2, rows, tide_number(p->c, 2)) || !add_result(p, picked)) return 0;
  tide_Tensor *gathered = tide_index_select(h, 0, p->index), *list[20], *g[1];
  for (int i = 0; i < 20; i++) list[i] = tide_select(gathered, 0, i % 3);
  tide_Tensor *joined = tide_stack(list, 20, 0), *loss = tide_sum(tide_mul(joined, joined), -1);
  if (!tide_grad(1, &loss, NULL, 1, &p->w1, g, 0) || !add_result(p, g[0])) return 0;
  int n;
  tide_Tensor **parts = tide_split(p->base, 2, 0, &n);
  return parts && n == 3 && add_result(p, tide_cat(parts, n, 1)) && add_result(p, tide_nonzero(p->base)) && add_result(p, tide_cumsum(p->base, 0, -1));
}

/* Errors on purpose: they must come out as they are, or as the want of memory. */
static int errors(Program *p) {
  tide_Tensor *bad = tide_matmul(p->x, p->x);
  if (bad || tide_error_code(p->c) == TIDE_NOMEM) return 0;
  if (tide_error_code(p->c) != TIDE_ESHAPE) { printf("code %d: %s\n", tide_error_code(p->c), tide_error(p->c)); exit(1); }
  tide_clear_error(p->c);
  tide_Tensor *e = tide_exp(p->w2), *loss = tide_sum(e, -1);
  if (!loss || !tide_add_(e, tide_number(p->c, 1))) return 0;
  int ok = tide_backward(1, &loss, NULL, 0);
  if (!ok && tide_error_code(p->c) == TIDE_NOMEM) return 0;
  if (ok || tide_error_code(p->c) != TIDE_EVERSION) { printf("a stale value was used: %d %s\n", ok, tide_error(p->c)); exit(1); }
  tide_clear_error(p->c);
  return 1;
}

static const struct { const char *name; int (*f)(Program *); } steps[] = {
  {"make_inputs", make_inputs}, {"make_weights", make_weights}, {"train", train}, {"update_w1", update_w1}, {"update_b1", update_b1}, {"update_w2", update_w2},
  {"train again", train}, {"hooks", hooks}, {"function", function}, {"define", define}, {"defined", defined}, {"views", views}, {"inplace", inplace}, {"make_base", make_base},
  {"indexing", indexing}, {"errors", errors}};

/* }========================================================= */


/* One step; after a refusal once more with memory at hand. Returns 1, or 0 (and says why). */
static int run_step(Program *p, int k, Memory *m) {
  for (int again = 0; again < 2; again++) {
    double sum = p->sum;
    long refusals = m->refusals;
    tide_Scope scope = tide_scope(p->c);
    int ok = steps[k].f(p);
    tide_close(p->c, scope, NULL);
    int code = tide_error_code(p->c);
    if (ok && code == TIDE_OK) {
      if (m->for_good && m->refusals > refusals) { printf("%s: a refusal was not reported\n", steps[k].name); return 0; }
      return 1;
    }
    if (ok) { printf("%s: it worked and left an error: %s\n", steps[k].name, tide_error(p->c)); return 0; }
    if (code != TIDE_NOMEM || m->refusals == refusals) { printf("%s: code %d: %s\n", steps[k].name, code, tide_error(p->c)); return 0; }
    tide_clear_error(p->c);
    if (tide_grad_mode(p->c) != 1) { printf("%s: the grad mode was left off\n", steps[k].name); return 0; }
    p->sum = sum;
    m->refuse_at = 0;
  }
  printf("%s: fails with memory at hand\n", steps[k].name);
  return 0;
}

static int run(Memory *m, double *sum) {
  const tide_Config config = {.size = sizeof config, .alloc = allocate, .ud = m};
  Program p = {.c = tide_open(&config)};
  if (!p.c) {
    m->refuse_at = 0;
    if (!(p.c = tide_open(&config))) { printf("tide_open fails with memory at hand\n"); return 0; }
  }
  int ok = 1;
  for (int k = 0; ok && k < (int)(sizeof steps / sizeof *steps); k++) ok = run_step(&p, k, m);
  tide_Tensor *all[] = {p.x, p.t, p.w1, p.b1, p.w2, p.v, p.index, p.base};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) tide_release(all[i]);
  int defined_once = tide_definition(p.c, "twice") != NULL;
  tide_shutdown(p.c);
  *sum = p.sum;
  if (ok && (m->blocks || m->long_bytes)) { printf("%ld blocks, %ld bytes are left\n", m->blocks, m->long_bytes); ok = 0; }
  if (ok && (!p.hooks || !defined_once)) { printf("a step did nothing\n"); ok = 0; }
  return ok;
}

int main(void) {
  double right, sum;
  Memory m = {0};
  if (!run(&m, &right)) return 1;
  for (int for_good = 1; for_good >= 0; for_good--)
    for (long n = 1;; n++) {
      m = (Memory){.refuse_at = n, .for_good = for_good};
      if (!run(&m, &sum)) { printf("allocation %ld refused%s\n", n, for_good ? ", and all after it" : ""); return 1; }
      if (sum != right) { printf("allocation %ld refused: %.17g instead of %.17g\n", n, sum, right); return 1; }
      if (!m.refusals) { if (n < 500) { printf("only %ld allocations\n", n); return 1; } break; }
    }
  return 0;
}
