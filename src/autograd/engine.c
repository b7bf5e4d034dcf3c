/*
** Backward. A pass discovers the nodes below its roots and counts how many gradients each will get, then takes ready nodes from a
** heap, latest created first (a leaf's node at once), runs their formulas, fits each gradient to its input and
** accumulates it. Nothing recurses.
**
** The scratch of a pass stands in the nodes, stamped with the pass' number. A pass inside another (a hook or a custom function
** that calls backward) may meet nodes of the outer one: it puts their scratch aside and gives it back at its end.
*/
#include <math.h>
#include <stdio.h>

#include "ops/op.h"

typedef struct Capture { tide_Node *n; uint32_t output; int next; tide_Tensor *result; } Capture;      /* result: NULL or one count */

/* The scratch of a node that an outer pass is using. */
typedef struct Aside { tide_Node *n; uint64_t run; int32_t deps, capture; uint8_t needed; tide_Tensor *g, **more; } Aside;

typedef struct tide__Run Run;
struct tide__Run {
  Run *outer;
  uint64_t id;
  int flags;                               /* TIDE_RETAIN_GRAPH ... */
  int accumulate;                          /* gradients go to .grad */
  tide_Context *c;
  tide_Node **nodes; size_t nnodes, cnodes;
  tide_Node **heap; size_t nheap, cheap;
  tide_Node **held; size_t nheld, cheld;   /* those that hold gradients, and some that did */
  Aside *aside; size_t naside, caside;
  Capture *captures; int ncaptures;
};


/* {======================== discovery ======================== */

static int active(const Run *r, uint64_t id) {
  for (const Run *o = r->outer; o; o = o->outer) if (o->id == id) return 1;
  return 0;
}

static int put_aside(Run *r, tide_Node *n) {
  if (!tide__reserve(r->c, (void **)&r->aside, &r->caside, r->naside + 1, sizeof *r->aside)) return 0;
  Aside *a = &r->aside[r->naside];
  *a = (Aside){n, n->run, n->deps, n->capture, n->flags & N_NEEDED, n->g, NULL};
  if (n->nout > 1) {
    size_t bytes = n->nout * sizeof(tide_Tensor *);
    if (!(a->more = tide__alloc(r->c, bytes))) return 0;
    memcpy(a->more, tide__node_grads(n), bytes);
    memset(tide__node_grads(n), 0, bytes);
  }
  n->g = NULL;
  r->naside++;
  return 1;
}

/* Makes n part of the pass. 1; 0 with the error set. */
static int visit(Run *r, tide_Node *n) {
  if (n->run == r->id) return 1;
  if (tide__interrupted(r->c)) return tide__take_interrupt(r->c);
  if (!tide__reserve(r->c, (void **)&r->nodes, &r->cnodes, r->nnodes + 1, sizeof *r->nodes)) return 0;
  if (unlikely(r->outer && active(r, n->run)) && !put_aside(r, n)) return 0;
  n->run = r->id;
  n->deps = 0;
  n->capture = -1;
  n->flags &= (uint8_t)~N_NEEDED;
  r->nodes[r->nnodes++] = n;
  return 1;
}

/* backward(): everything below the roots takes part. */
static int discover_all(Run *r) {
  for (size_t w = 0; w < r->nnodes; w++) {
    tide_Node *n = r->nodes[w];
    n->flags |= N_NEEDED;
    for (uint32_t i = 0; i < n->nin; i++) {
      tide_Node *m = n->e[i].node;
      if (!m) continue;
      if (!visit(r, m)) return 0;
      m->deps++;
    }
  }
  return 1;
}

/* grad(): what leads to a capture. Depth first, children before parents, the heap as the stack and deps as the place in a node's edges. */
static int discover_needed(Run *r, size_t nroots) {
  size_t top = 0, finished = 0;
  tide_Node **order = NULL;
  size_t corder = 0;
  int ok = 0;
  for (size_t k = 0; k < nroots; k++) {
    tide_Node *root = r->nodes[k];
    if (root->deps) continue;                         /* done already, below another root */
    if (!tide__reserve(r->c, (void **)&r->heap, &r->cheap, top + 1, sizeof *r->heap)) goto out;
    r->heap[top++] = root;
    root->deps = 1;
    while (top) {
      tide_Node *n = r->heap[top - 1];
      if ((uint32_t)n->deps <= n->nin) {
        tide_Node *m = n->e[n->deps++ - 1].node;
        if (!m) continue;
        if (!visit(r, m)) goto out;
        if (m->deps) continue;
        m->deps = 1;
        if (!tide__reserve(r->c, (void **)&r->heap, &r->cheap, top + 1, sizeof *r->heap)) goto out;
        r->heap[top++] = m;
        continue;
      }
      top--;
      if (n->capture >= 0) n->flags |= N_NEEDED;
      for (uint32_t i = 0; i < n->nin && !(n->flags & N_NEEDED); i++)
        if (n->e[i].node && n->e[i].node->flags & N_NEEDED) n->flags |= N_NEEDED;
      if (!tide__reserve(r->c, (void **)&order, &corder, finished + 1, sizeof *order)) goto out;
      order[finished++] = n;
    }
  }
  for (size_t w = 0; w < r->nnodes; w++) r->nodes[w]->deps = 0;
  for (size_t w = 0; w < r->nnodes; w++) {
    tide_Node *n = r->nodes[w];
    if (n->flags & N_NEEDED) for (uint32_t i = 0; i < n->nin; i++) if (n->e[i].node && n->e[i].node->flags & N_NEEDED) n->e[i].node->deps++;
  }
  ok = 1;
out:
  tide__free(r->c, order, corder * sizeof *order);
  return ok;
}

/* }========================================================= */


/* {======================== the queue ======================== */

static uint64_t priority(const tide_Node *n) { return n->flags & N_LEAF ? UINT64_MAX : n->seq; }

static int push(Run *r, tide_Node *n) {
  if (!tide__reserve(r->c, (void **)&r->heap, &r->cheap, r->nheap + 1, sizeof *r->heap)) return 0;
  size_t i = r->nheap++;
  while (i) {
    size_t p = (i - 1) / 2;
    if (priority(r->heap[p]) >= priority(n)) break;
    r->heap[i] = r->heap[p];
    i = p;
  }
  r->heap[i] = n;
  return 1;
}

static tide_Node *pop(Run *r) {
  tide_Node *first = r->heap[0], *n = r->heap[--r->nheap];
  size_t i = 0;
  for (;;) {
    size_t k = 2 * i + 1;
    if (k >= r->nheap) break;
    if (k + 1 < r->nheap && priority(r->heap[k + 1]) > priority(r->heap[k])) k++;
    if (priority(r->heap[k]) <= priority(n)) break;
    r->heap[i] = r->heap[k];
    i = k;
  }
  if (r->nheap) r->heap[i] = n;
  return first;
}

/* }========================================================= */


/* {======================== gradients ======================== */

/* Reduces and casts gi to the shape and dtype of input i. */
static tide_Tensor *fit(tide_Node *n, int i, const tide_Tensor *g, tide_Tensor *gi) {
  const tide__Edge *e = &n->e[i];
  if (likely(e->same && n->nout == 1)) {
    if (unlikely(gi != g && !tide__same_shape(gi, g))) gi = tide_sum_to(gi, g->shape, g->ndim);
  }
  else {
    int nd, dtype;
    const int64_t *shape = e->same ? tide__output_shape(n, 0, &nd, &dtype) : tide__node_shapes(n) + e->shape;
    if (gi->ndim != e->ndim || memcmp(gi->shape, shape, sizeof(int64_t) * e->ndim)) gi = tide_sum_to(gi, shape, e->ndim);
  }
  if (gi && unlikely(gi->dtype != e->dtype)) gi = tide_cast(gi, e->dtype);
  return gi;
}

static int holds(tide_Node *n) {
  tide_Tensor **g = tide__node_grads(n);
  for (uint32_t k = 0; k < n->nout; k++) if (g[k]) return 1;
  return 0;
}

/* Remembers n as one that holds gradients, so that a pass that ends early need not look at every node to take them back. */
static int hold(Run *r, tide_Node *n) {
  if (r->nheld == r->cheld) {
    size_t kept = 0;
    for (size_t k = 0; k < r->nheld; k++) if (holds(r->held[k])) r->held[kept++] = r->held[k];
    r->nheld = kept;
    if (2 * kept >= r->cheld && !tide__reserve(r->c, (void **)&r->held, &r->cheld, r->cheld + 1, sizeof *r->held)) return 0;
  }
  r->held[r->nheld++] = n;
  return 1;
}

/* Adds gi to what has arrived at an output of n: borrow the first, then add, in place where the sum is nobody else's. */
static int accumulate(Run *r, tide_Node *n, uint32_t output, tide_Tensor *gi) {
  tide_Context *c = r->c;
  tide_Tensor **slot = &tide__node_grads(n)[output], *old = *slot;
  if (!old) {
    if (!hold(r, n)) return 0;
    *slot = tide_keep(gi);
    return 1;
  }
  if (!c->mode.grad && tide__alone(old) && old->dtype == gi->dtype) return tide__add_into(old, gi);
  tide_Tensor *sum = tide_add(old, gi);
  if (!sum) return 0;
  *slot = tide_keep(sum);
  tide__release(old);
  return 1;
}

static int matches_layout(const tide_Tensor *g, const tide_Tensor *x) {
  return x->flags & T_DENSE ? tide__same_geometry(g, x) : (g->flags & T_CONTIG) != 0;
}

/* Is g, of which the caller holds a count beside the one it came with, otherwise unknown, so that it can be x.grad itself? If it is all of a tensor seen in
** another way (the transpose of a product), which nobody else knows either, then it lets go of that. */
static int take_over(tide_Tensor *g, const tide_Tensor *x) {
  tide_Tensor *b = g->base;
  if (g->refs != 2 || g->keep != 1 || g->flags & (T_NUMBER | T_HOST) || !matches_layout(g, x)) return 0;
  if (!b) return g->store == g && g->counter == g;
  if (b->refs != 1 || b->keep != 3 || g->store != b || g->counter != b || b->store != b || b->counter != b || b->flags & (T_NUMBER | T_HOST) || b->grad || b->n != g->n) return 0;
  g->base = NULL;
  tide__release(b);                                       /* its cell stays, as g's memory */
  return 1;
}

/* x.grad = x.grad + g; g is borrowed. */
static int add_to_grad(tide_Tensor *x, tide_Tensor *g) {
  tide_Context *c = x->ctx;
  tide_Tensor *old = x->grad;
  if (unlikely(g->dtype != x->dtype) && !(g = tide_cast(g, x->dtype))) return 0;       /* x was given data of another dtype since */
  if (!old) {
    if (!c->mode.grad && take_over(g, x)) {
      x->grad = tide__retain(g);
      return 1;
    }
    tide_Tensor *copy = tide_clone_as(g, x);
    if (!copy) return 0;
    x->grad = tide_keep(copy);
    return 1;
  }
  if (!c->mode.grad && !tide__overlaps_itself(old) && !(old->flags & T_INFERENCE)) {
    if (!tide__add_into(old, g)) return 0;
    old->counter->version++;
    return 1;
  }
  tide_Tensor *sum = tide_add(old, g);
  if (!sum) return 0;
  x->grad = tide_keep(sum);
  tide__release(old);
  return 1;
}

/* May a hook put `now` in the place of `old`? */
static int replaces(tide_Context *c, const tide_Tensor *old, const tide_Tensor *now) {
  if (now == old || now == TIDE_NONE) return 1;
  if (old == TIDE_NONE) tide__fail(c, TIDE_EGRAD, "a hook has given a gradient where there was none");
  else if (!tide__same_shape(now, old)) tide__fail(c, TIDE_ESHAPE, "a hook has changed the sizes of a gradient from %s to %s", SHAPE_TEXT(old), SHAPE_TEXT(now));
  else if (now->dtype != old->dtype) tide__fail(c, TIDE_EDTYPE, "a hook has changed the dtype of a gradient from %s to %s", tide_dtype_name(old->dtype), tide_dtype_name(now->dtype));
  else return 1;
  return 0;
}

/* Calls the hooks of one kind. g: owned counts (or TIDE_NONE), replaced where a hook says so. */
static int call_hooks(tide_Node *n, int kind, int output, int count, tide_Tensor **g, int nalso, tide_Tensor *const *also) {
  tide_Tensor *small[16], **now = small;
  tide_Context *c = n->ctx;
  for (tide__Hook *h = n->extra->hooks; h; h = h->next) {
    if (h->kind != kind || h->removed || (output >= 0 && h->output != output)) continue;
    tide_Scope scope = tide_scope(c);
    if (count > 16 && !(now = tide__scratch(c, (size_t)count * sizeof *now))) return 0;
    if (count) memcpy(now, g, (size_t)count * sizeof *now);
    int ok = h->f(h->arg, n, count, now, nalso, also);
    if (!ok && c->code == TIDE_OK) tide_fail(c, TIDE_ECALLBACK, "a hook failed");
    for (int i = 0; ok && i < count; i++) ok = replaces(c, g[i], now[i]);
    for (int i = 0; ok && i < count; i++) {
      if (now[i] == g[i]) continue;
      tide_retain(now[i]);
      tide_release(g[i]);
      g[i] = now[i];
    }
    tide_close(c, scope, NULL);
    if (!ok) return 0;
  }
  return 1;
}

static int has_nan(tide_Tensor *g) {
  tide_Tensor *p = tide__packed(g);
  if (!p) return 0;
  for (int64_t i = 0; i < p->n; i++) if (isnan(tide_element(p, i))) return 1;
  return 0;
}

static int check_nan(tide_Node *n, tide_Tensor **gi) {
  for (uint32_t i = 0; i < n->nin; i++) {
    if (gi[i] == TIDE_NONE || !has_nan(gi[i])) continue;
    tide__fail(n->ctx, TIDE_EVALUE, "%s returned nan values in output %lld", tide_node_name(n), tide__shown(n->ctx, i));
    return 0;
  }
  return 1;
}

/* A node has failed: if anomaly mode knows where it came from, the message says so. */
static void add_trace(tide_Node *n) {
  tide_Context *c = n->ctx;
  size_t used = strlen(c->message);
  if (c->mode.anomaly && n->extra && n->extra->trace) snprintf(c->message + used, sizeof c->message - used, "; its forward call: %s", n->extra->trace);
}

int tide__node_run(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  const tide_Op *op = n->op;
  if (likely(op->vjp1 != NULL)) {
    for (uint32_t i = 0; i < n->nin; i++) {
      gi[i] = want[i] && g[0] != TIDE_NONE ? op->vjp1(n, g[0], (int)i) : TIDE_NONE;
      if (unlikely(!gi[i])) return 0;
    }
  }
  else {
    int any = 0, missing = 0;
    for (uint32_t i = 0; i < n->nout; i++) if (g[i] != TIDE_NONE) any = 1; else missing = 1;
    for (uint32_t i = 0; i < n->nin; i++) gi[i] = TIDE_NONE;
    if (!any && !op->takes_none) return 1;                 /* (a function of the host's is asked even then, as in PyTorch) */
    if (!op->vjp) { tide__fail(n->ctx, TIDE_EGRAD, "%s has no derivative", tide_node_name(n)); return 0; }
    tide_Tensor **full = (tide_Tensor **)g;
    if (missing && !op->takes_none) {
      if (!(full = tide__scratch(n->ctx, n->nout * sizeof *full))) return 0;
      for (uint32_t i = 0; i < n->nout; i++) {
        int nd, dtype;
        full[i] = g[i];
        if (full[i] != TIDE_NONE) continue;
        const int64_t *shape = tide__output_shape(n, (int)i, &nd, &dtype);
        if (tide__is_float(dtype) && !(full[i] = tide_zeros(n->ctx, shape, nd, dtype))) return 0;
      }
    }
    if (!op->vjp(n, full, gi, want)) return 0;
  }
  for (uint32_t i = 0; i < n->nin; i++)
    if (gi[i] != TIDE_NONE && (!want[i] || !gi[i] || !(gi[i] = fit(n, (int)i, g[0], gi[i])))) {
      if (!want[i]) { gi[i] = TIDE_NONE; continue; }
      return 0;
    }
  return 1;
}

/* }========================================================= */


/* {======================== one node ======================== */

/* A leaf's node: adds the gradient (an owned count in *g) to the leaf's, between the hooks. */
static int run_leaf(tide_Node *n, tide_Tensor **g) {
  tide_Tensor *x = n->leaf;
  if (unlikely(n->extra != NULL)) {
    if (!call_hooks(n, TIDE_HOOK_PRE, -1, 1, g, 0, NULL)) return 0;
    x = n->leaf;                                          /* a hook may have let go of it */
  }
  if (x && *g != TIDE_NONE) {
    tide__retain(x);
    tide_Tensor *leaf[1] = {x}, *mine = tide__retain(*g); /* ours and the slot's: see add_to_grad */
    int ok = add_to_grad(x, mine);
    tide__release(mine);
    if (ok && unlikely(n->extra != NULL)) ok = call_hooks(n, TIDE_HOOK_ACCUMULATED, -1, 1, leaf, 0, NULL);
    tide_release(leaf[0]);
    if (!ok) return 0;
  }
  return likely(n->extra == NULL) || call_hooks(n, TIDE_HOOK_POST, -1, 0, NULL, 1, g);
}

/* Tensor hooks, retained gradients and captures of what has arrived at n. */
static int receive(Run *r, tide_Node *n, tide_Tensor **g) {
  if (unlikely(n->extra != NULL))
    for (uint32_t k = 0; k < n->nout; k++)
      if (g[k] != TIDE_NONE && !call_hooks(n, TIDE_HOOK_TENSOR, (int)k, 1, &g[k], 0, NULL)) return 0;
  if (unlikely(n->extra != NULL && n->extra->retained != NULL))
    for (tide__Retained *t = n->extra->retained; t; t = t->next) if (g[t->output] != TIDE_NONE && !add_to_grad(t->t, g[t->output])) return 0;
  for (int k = n->capture; k >= 0; k = r->captures[k].next) {
    tide_Tensor *t = g[r->captures[k].output];
    if (t == TIDE_NONE) continue;
    if (t->flags & T_SPLAT && !(t = tide_clone(t))) return 0;
    r->captures[k].result = tide__retain(t);
  }
  return 1;
}

static int distribute(Run *r, tide_Node *n, tide_Tensor **gi, const uint8_t *want) {
  for (uint32_t i = 0; i < n->nin; i++) {
    if (!want[i]) continue;
    tide__Edge *e = &n->e[i];
    if (gi[i] != TIDE_NONE && !accumulate(r, e->node, e->output, gi[i])) return 0;
    if (--e->node->deps == 0 && !push(r, e->node)) return 0;
  }
  return 1;
}

static int run_node(Run *r, tide_Node *n) {
  tide_Context *c = r->c;
  tide_Scope scope = tide_scope(c);
  tide_Tensor *small_g[4], *small_gi[8], **g = small_g, **gi = small_gi, **slots = tide__node_grads(n);
  uint8_t small_want[8], *want = small_want;
  int ok = 0, wanted = 0;
  uint32_t held = 0;
  if (n->nout > 4 && !(g = tide__scratch(c, n->nout * sizeof *g))) goto out;
  if (n->nin > 8 && (!(gi = tide__scratch(c, n->nin * sizeof *gi)) || !(want = tide__scratch(c, n->nin)))) goto out;
  for (; held < n->nout; held++) {
    g[held] = slots[held] ? slots[held] : TIDE_NONE;
    slots[held] = NULL;
  }
  if (!receive(r, n, g)) goto out;
  if (n->flags & N_LEAF) {
    ok = !r->accumulate || (r->captures && n->capture < 0) || g[0] == TIDE_NONE || run_leaf(n, g);
    goto out;
  }
  for (uint32_t i = 0; i < n->nin; i++) wanted |= want[i] = n->e[i].node && n->e[i].node->flags & N_NEEDED && n->e[i].node->run == r->id;
  if (!wanted) { ok = 1; goto out; }
  if (unlikely(n->extra != NULL) && !call_hooks(n, TIDE_HOOK_PRE, -1, (int)n->nout, g, 0, NULL)) goto out;
  if (!tide__node_run(n, g, gi, want)) goto out;
  if (unlikely(c->mode.anomaly == 1) && !check_nan(n, gi)) goto out;
  if (unlikely(n->extra != NULL) && n->extra->hooks) {
    for (uint32_t i = 0; i < n->nin; i++) if (gi[i] != TIDE_NONE) tide__retain(gi[i]);
    ok = call_hooks(n, TIDE_HOOK_POST, -1, (int)n->nin, gi, (int)n->nout, g);
    for (uint32_t i = 0; i < n->nin; i++) if (gi[i] != TIDE_NONE && !tide__own(c, gi[i])) ok = 0;
    if (!ok) goto out;
  }
  if (!(r->flags & TIDE_RETAIN_GRAPH)) tide__node_free_saved(n);
  ok = distribute(r, n, gi, want);
out:
  if (unlikely(!ok)) add_trace(n);
  for (uint32_t i = 0; i < held; i++) tide_release(g[i]);
  tide_close(c, scope, NULL);
  return ok;
}

/* }========================================================= */


/* {======================== a pass ======================== */

static void restore(Run *r) {
  for (size_t w = 0; w < r->nheld; w++) {
    tide_Node *n = r->held[w];
    tide_Tensor **g = tide__node_grads(n);
    for (uint32_t k = 0; k < n->nout; k++) if (g[k]) { tide__release(g[k]); g[k] = NULL; }
  }
  for (size_t k = 0; k < r->naside; k++) {
    Aside *a = &r->aside[k];
    tide_Node *n = a->n;
    n->run = a->run;
    n->deps = a->deps;
    n->capture = a->capture;
    n->flags = (uint8_t)((n->flags & ~N_NEEDED) | a->needed);
    if (a->more) {
      memcpy(tide__node_grads(n), a->more, n->nout * sizeof(tide_Tensor *));
      tide__free(r->c, a->more, n->nout * sizeof(tide_Tensor *));
    }
    else n->g = a->g;
  }
}

static tide_Tensor *seed(tide_Tensor *y, tide_Tensor *g, int i) {
  tide_Context *c = y->ctx;
  if (!g || g == TIDE_NONE) {
    if (y->n != 1) return tide__fail(c, TIDE_EGRAD, "output %lld has sizes %s: only for one element is its gradient implied, give one of the same sizes", tide__shown(c, i), SHAPE_TEXT(y));
    tide_Tensor *one = tide__scalar(c, y->dtype, 1);
    if (!one || !tide__own(c, one)) return NULL;
    return y->ndim ? tide_expand(one, y->shape, y->ndim) : one;
  }
  if (!tide__same_shape(y, g)) return tide__fail(c, TIDE_ESHAPE, "output %lld has sizes %s, its gradient %s", tide__shown(c, i), SHAPE_TEXT(y), SHAPE_TEXT(g));
  return g->dtype == y->dtype ? g : tide_cast(g, y->dtype);
}

static int check_outputs(int n, tide_Tensor *const *outputs) {
  for (int i = 0; i < n; i++) {
    int tr = tide__tracks(outputs[i]);
    if (tr < 0) return 0;
    if (!tr) { tide__fail(outputs[i]->ctx, TIDE_EGRAD, "output %lld does not require grad and has no grad_fn", tide__shown(outputs[i]->ctx, i)); return 0; }
  }
  return 1;
}

static int run(Run *r, int n, tide_Tensor *const *outputs, tide_Tensor *const *grads, int nin, tide_Tensor *const *inputs) {
  tide_Context *c = r->c;
  for (int i = 0; i < n; i++) {
    uint32_t output;
    tide_Node *m = tide__edge(outputs[i], &output);
    if (!m || !visit(r, m)) return 0;
  }
  size_t nroots = r->nnodes;
  for (int i = 0; i < nin; i++) {
    Capture *k = &r->captures[i];
    if (!(k->n = tide__edge(inputs[i], &k->output))) return 0;
    k->n->refs++;
    r->ncaptures++;
  }
  for (int i = 0; i < nin; i++) {
    Capture *k = &r->captures[i];
    if (!visit(r, k->n)) return 0;
    k->next = k->n->capture;
    k->n->capture = i;
  }
  if (!(nin ? discover_needed(r, nroots) : discover_all(r))) return 0;
  for (int i = 0; i < n; i++) {
    uint32_t output;
    tide_Node *m = tide__edge(outputs[i], &output);
    if (!(m->flags & N_NEEDED)) continue;
    tide_Tensor *g = seed(outputs[i], grads ? grads[i] : NULL, i);
    if (!g || !accumulate(r, m, output, g)) return 0;
  }
  for (size_t i = 0; i < nroots; i++) {
    tide_Node *m = r->nodes[i];
    if (m->deps == 0 && m->flags & N_NEEDED && !push(r, m)) return 0;
  }
  const char *name = c->name;
  int ok = 1;
  c->name = NULL;                                           /* what fails below says its own */
  while (ok && r->nheap) ok = tide__interrupted(c) ? tide__take_interrupt(c) : run_node(r, pop(r));
  c->name = name;
  return ok;
}

static int named_pass(tide_Context *c, int n, tide_Tensor *const *outputs, tide_Tensor *const *grads, int nin, tide_Tensor *const *inputs, tide_Tensor **results,
                      int flags) {
  if (!check_outputs(n, outputs)) return 0;
  for (int i = 0; i < n; i++) if (outputs[i]->ctx != c || (grads && grads[i] && grads[i] != TIDE_NONE && grads[i]->ctx != c)) { tide__fail(c, TIDE_EARG, "tensors of two contexts"); return 0; }
  for (int i = 0; i < nin; i++) {
    if (!inputs[i]) return 0;
    int tr = inputs[i]->ctx == c ? tide__tracks(inputs[i]) : 0;
    if (tr < 0) return 0;
    if (!tr) { tide__fail(c, TIDE_EGRAD, "input %lld does not require grad", tide__shown(c, i)); return 0; }
  }
  for (int i = 0; !results && i < nin; i++) if (!tide_retain_grad(inputs[i])) return 0;
  tide_Scope scope = tide_scope(c);
  Run r = {.outer = c->run, .id = ++c->last_run, .flags = flags, .accumulate = results == NULL, .c = c};
  int mode = c->mode.grad, ok = 1;
  const tide_PackHooks *pack = c->mode.pack;
  c->mode.grad = (flags & TIDE_CREATE_GRAPH) != 0;
  c->run = &r;
  tide_Node **roots = tide__scratch(c, (size_t)n * sizeof *roots);         /* held through the pass, whatever hooks do to the tensors */
  int nroots = 0;
  for (; roots && nroots < n; nroots++) {
    uint32_t output;
    if (!(roots[nroots] = tide__edge(outputs[nroots], &output))) break;
    roots[nroots]->refs++;
  }
  ok = roots && nroots == n && tide__hold_all(c, n, outputs) && tide__hold_all(c, nin, inputs);
  if (ok && nin) {
    ok = (r.captures = tide__alloc(c, (size_t)nin * sizeof *r.captures)) != NULL;
    if (ok) for (int i = 0; i < nin; i++) r.captures[i] = (Capture){NULL, 0, -1, NULL};
  }
  if (ok) ok = run(&r, n, outputs, grads, nin, inputs);
  restore(&r);
  c->run = r.outer;
  c->mode.grad = (uint8_t)mode;
  c->mode.pack = pack;
  for (int i = 0; i < nin && r.captures; i++) {
    Capture *k = &r.captures[i];
    tide_Tensor *g = k->result;
    if (ok && results && !g && flags & TIDE_MATERIALIZE_GRADS) {
      g = tide_zeros_like(inputs[i], -1);
      ok = g != NULL;
      if (g) g = tide__retain(g);
    }
    else if (ok && results && !g && !(flags & TIDE_ALLOW_UNUSED)) {
      tide__fail(c, TIDE_EGRAD, "input %lld was not used to compute the outputs; pass allow_unused to get nil for it", tide__shown(c, i));
      ok = 0;
    }
    if (results) results[i] = g ? g : TIDE_NONE;
    else if (g) tide__release(g);
  }
  for (int i = 0; i < r.ncaptures; i++) tide__node_unref(r.captures[i].n);
  for (int i = 0; i < nroots; i++) tide__node_unref(roots[i]);
  tide__free(c, r.captures, (size_t)nin * sizeof *r.captures);
  tide__free(c, r.nodes, r.cnodes * sizeof *r.nodes);
  tide__free(c, r.heap, r.cheap * sizeof *r.heap);
  tide__free(c, r.held, r.cheld * sizeof *r.held);
  tide__free(c, r.aside, r.caside * sizeof *r.aside);
  tide_close(c, scope, NULL);
  if (results)                                              /* the counts go to the caller's scope */
    for (int i = 0; i < nin; i++) {
      if (!ok) { if (r.captures) tide_release(results[i]); results[i] = NULL; }
      else if (results[i] != TIDE_NONE && !tide__own(c, results[i])) {
        results[i] = NULL;
        ok = 0;
      }
    }
  return ok;
}

static int pass(int n, tide_Tensor *const *outputs, tide_Tensor *const *grads, int nin, tide_Tensor *const *inputs, tide_Tensor **results, int flags) {
  for (int i = 0; i < n; i++) if (!outputs[i]) return 0;
  if (n <= 0 || outputs[0]->ctx->code != TIDE_OK) return 0;
  tide_Context *c = outputs[0]->ctx;
  const char *outer = c->name;
  if (!outer) c->name = results ? "grad" : "backward";
  int ok = named_pass(c, n, outputs, grads, nin, inputs, results, flags);
  c->name = outer;
  return ok;
}

uint64_t tide_pass(const tide_Context *c) { return c->run ? c->run->id : 0; }
int tide_node_takes_part(const tide_Node *n) { return n->ctx->run && n->run == n->ctx->run->id && n->flags & N_NEEDED; }

int tide_backward(int n, tide_Tensor *const *outputs, tide_Tensor *const *grads, int flags) {
  return pass(n, outputs, grads, 0, NULL, NULL, flags);
}

int tide_backward_to(int n, tide_Tensor *const *outputs, tide_Tensor *const *grads, int nin, tide_Tensor *const *inputs, int flags) {
  if (n > 0 && outputs[0] && nin == 0) { tide__fail(outputs[0]->ctx, TIDE_EARG, "inputs is an empty list"); return 0; }
  return pass(n, outputs, grads, nin, inputs, NULL, flags);
}

int tide_grad(int n, tide_Tensor *const *outputs, tide_Tensor *const *grads, int nin, tide_Tensor *const *inputs, tide_Tensor **results, int flags) {
  if (n > 0 && outputs[0] && nin == 0) { tide__fail(outputs[0]->ctx, TIDE_EARG, "inputs is an empty list"); return 0; }
  return pass(n, outputs, grads, nin, inputs, results, flags);
}

/* }========================================================= */
