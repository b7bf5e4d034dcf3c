/*
** Functions with a derivative of the caller's own (tide_function), and what they save.
*/
#include "ops/op.h"

static int function_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  tide__Extra *x = n->extra;
  (void)want;
  if (n->flags & N_FREED) {
    tide__fail(n->ctx, TIDE_EGRAD, "%s: what backward needs was already freed; pass retain_graph to the first backward", tide_node_name(n));
    return 0;
  }
  tide_Tensor **full = (tide_Tensor **)g;
  if (x->f.materialize) {
    if (!(full = tide__scratch(n->ctx, n->nout * sizeof *full))) return 0;
    for (uint32_t i = 0; i < n->nout; i++) {
      int nd, dtype;
      full[i] = g[i];
      if (g[i] != TIDE_NONE) continue;
      const int64_t *shape = tide__output_shape(n, (int)i, &nd, &dtype);
      if (!(full[i] = tide_zeros(n->ctx, shape, nd, tide__is_float(dtype) ? dtype : TIDE_FLOAT32))) return 0;
    }
  }
  for (uint32_t i = 0; i < n->nin; i++) gi[i] = TIDE_NONE;
  int ok = x->f.vjp(x->arg, n, (int)n->nout, full, (int)n->nin, gi);
  if (!ok && n->ctx->code == TIDE_OK) tide_fail(n->ctx, TIDE_ECALLBACK, "%s failed", tide_node_name(n));
  for (uint32_t i = 0; ok && i < n->nin; i++) {
    tide_Tensor *t = gi[i];
    const tide__Edge *e = &n->e[i];
    if (!t) { tide_fail(n->ctx, TIDE_ECALLBACK, "%s failed", tide_node_name(n)); ok = 0; }
    else if (t != TIDE_NONE && e->node) {
      const int64_t *shape = tide__node_shapes(n) + e->shape;
      int64_t lead = t->ndim - e->ndim, fits = lead >= 0;
      for (int d = 0; fits && d < e->ndim; d++) fits = t->shape[lead + d] == shape[d] || shape[d] == 1;
      if (!fits) {
        tide__fail(n->ctx, TIDE_ESHAPE, "%s gave a gradient of sizes %s for input %lld of sizes %s", tide_node_name(n), SHAPE_TEXT(t), tide__shown(n->ctx, i), SIZES_TEXT(e->ndim, shape));
        ok = 0;
      }
    }
  }
  return ok;
}

static const tide_Op op_function = {.sig = {.id = "function", .name = "function", .outputs = 1}, .kind = OP_RECORD, .vjp = function_vjp, .takes_none = 1};

/* An output that is one of the inputs, unchanged, becomes a view of it. */
static tide_Tensor *as_output(tide_Tensor *t) {
  tide_Tensor *v = tide__alias(t, t->ndim, t->shape, tide__strides(t), 0);
  return v ? tide__own(t->ctx, v) : NULL;
}

static void set_node(tide_Tensor *t, tide_Node *n, int output) {
  tide_Node *old = t->node;
  n->refs++;
  t->node = n;
  t->output = (uint32_t)output;
  t->rg = 1;
  if (old) {
    if (old->flags & N_LEAF && old->leaf == t) old->leaf = NULL;
    tide__node_unref(old);
  }
}

int tide_function(tide_Context *c, const tide_Function *f, void *arg, int nin, tide_Tensor *const *inputs, int nout, tide_Tensor **outputs, uint64_t dirty,
                  uint64_t nondifferentiable) {
  uint32_t words = 0, used = 0;
  int tracked = 0;
  for (int i = 0; i < nin; i++) {
    int tr = inputs[i] == TIDE_NONE ? 0 : tide__tracks(inputs[i]);
    if (tr < 0) goto nothing;
    if (!tr) continue;
    tracked = 1;
    words += inputs[i]->ndim;
    if (i < 64 && dirty >> i & 1) {
      tide_Tensor *t = inputs[i];
      if (!t->base && (!t->node || t->node->flags & N_LEAF)) { tide__fail(c, TIDE_EGRAD, "a leaf tensor that requires grad cannot be changed in place"); goto nothing; }
    }
  }
  words += (uint32_t)nout * (1u + TIDE_MAXDIM);
  if (words < 2u * (1u + TIDE_MAXDIM)) words = 2u * (1u + TIDE_MAXDIM);
  tide_Node *n = tide__node_new(c, &op_function, (uint32_t)nin, (uint32_t)nout, 0, 0, words);
  if (!n) goto nothing;
  tide__Extra *x = tide__node_extra(n);
  if (!x) { tide__node_unref(n); goto nothing; }
  size_t size = strlen(f->name) + 1;
  x->name = tide__alloc(c, size);
  if (!x->name) { tide__node_unref(n); goto nothing; }
  memcpy(x->name, f->name, size);
  memcpy(&x->f, f, f->size < sizeof x->f ? f->size : sizeof x->f);
  x->arg = arg;
  n->flags |= N_CUSTOM;                                    /* from here on the node releases arg */
  for (int i = 0; i < nin; i++) {
    tide_Tensor *t = inputs[i];
    if (t == TIDE_NONE || !tide__tracks(t)) continue;
    tide__Edge *e = &n->e[i];
    tide_Node *m = tide__edge(t, &e->output);
    if (!m) goto fail;
    m->refs++;
    e->node = m;
    e->dtype = t->dtype;
    e->ndim = t->ndim;
    e->same = 0;
    e->shape = used;
    memcpy(tide__node_shapes(n) + used, t->shape, sizeof(int64_t) * t->ndim);
    used += t->ndim;
  }
  for (int i = 0; i < nout; i++) {
    tide_Tensor *t = outputs[i];
    if (!t || t == TIDE_NONE) continue;
    for (int j = 0; j < nin; j++)
      if (t == inputs[j] && !(j < 64 && dirty >> j & 1) && !(outputs[i] = t = as_output(t))) goto fail;
    int64_t *m = (int64_t *)((char *)n + n->size) - (i + 1) * (1 + TIDE_MAXDIM);
    m[0] = t->dtype | (int64_t)t->ndim << 8;
    memcpy(m + 1, t->shape, sizeof(int64_t) * t->ndim);
  }
  for (int i = 0; i < nout; i++) {
    tide_Tensor *t = outputs[i];
    if (!t || t == TIDE_NONE) continue;
    int is_dirty = 0;
    for (int j = 0; j < nin && j < 64; j++) if (t == inputs[j] && dirty >> j & 1) is_dirty = 1;
    if (is_dirty) t->counter->version++;
    if (!tracked || !c->mode.grad || !tide__is_float(t->dtype) || (i < 64 && nondifferentiable >> i & 1)) {
      if (!is_dirty && i < 64 && nondifferentiable >> i & 1) t->rg = 0;
      continue;
    }
    if (is_dirty && t->base) { n->refs++; if (!tide__rebase(t, n, (uint32_t)i)) goto fail; continue; }
    set_node(t, n, i);
    if (t->base && !is_dirty) t->view = VIEW_CUSTOM;
  }
  if (c->mode.anomaly && c->trace) {
    const char *where = c->trace(c->trace_arg);
    if (where && (x->trace = tide__alloc(c, strlen(where) + 1))) strcpy(x->trace, where);
  }
  tide__node_unref(n);
  return 1;
fail:
  tide__node_unref(n);
  return 0;
nothing:
  if (f->release) f->release(arg);
  return 0;
}

void *tide_node_arg(const tide_Node *n) { return n->flags & N_CUSTOM && n->extra ? n->extra->arg : NULL; }

int tide_node_save(tide_Node *n, int count, tide_Tensor *const *t) {
  tide_Context *c = n->ctx;
  tide__Extra *x = tide__node_extra(n);
  if (!x) return 0;
  if (x->saved || n->flags & N_FREED) { tide__fail(c, TIDE_EGRAD, "%s has saved its values already", tide_node_name(n)); return 0; }
  if (count == 0) return 1;
  tide__CustomSaved *s = tide__alloc(c, (size_t)count * sizeof *s);
  if (!s) return 0;
  memset(s, 0, (size_t)count * sizeof *s);
  x->saved = s;
  x->nsaved = count;
  for (int i = 0; i < count; i++) {
    tide_Tensor *v = t[i];
    s[i].value.which = (uint32_t)i;
    if (v == TIDE_NONE) continue;
    if (v->flags & T_INFERENCE) { tide__fail(c, TIDE_EGRAD, "an inference tensor cannot be saved for backward; clone it first"); return 0; }
    int tr = tide__tracks(v);
    if (tr < 0) return 0;
    if (tr) {
      tide_Node *m = tide__edge(v, &s[i].output);
      if (!m) return 0;
      if (m != n) { m->refs++; s[i].node = m; }            /* a node does not count itself: output number + 1 marks it below */
      else s[i].value.which = SAVED_OUTPUT;
    }
    const tide_PackHooks *h = c->mode.pack;
    s[i].value.version = tide__version(v);
    if (!h) { s[i].value.cell = tide__pin(v); continue; }
    tide__Packed *p = tide__alloc(c, sizeof *p);
    tide_Tensor *plain = p ? tide_detach(v) : NULL;
    void *value = plain ? h->pack(h->arg, plain) : NULL;
    if (!value) { if (p) tide__free(c, p, sizeof *p); return 0; }
    *p = (tide__Packed){value, h->unpack, h->release};
    s[i].value.packed = p;
    s[i].value.is_packed = 1;
  }
  return 1;
}

int tide_node_saved_count(const tide_Node *n) { return n->extra ? n->extra->nsaved : 0; }

tide_Tensor *tide_node_saved(tide_Node *n, int i) {
  tide__Extra *x = n->extra;
  if (!x || i < 0 || i >= x->nsaved) return tide__fail(n->ctx, TIDE_EARG, "%s has no saved value %d", tide_node_name(n), i);
  tide__CustomSaved *s = &x->saved[i];
  if (!s->value.cell && !(n->flags & N_FREED)) return TIDE_NONE;
  return tide__unpack(n, &s->value, s->value.which == SAVED_OUTPUT ? n : s->node, s->output);
}
