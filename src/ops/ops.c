/*
** The table of operators and what is read off it: lookup, calls by descriptor, names of nodes; operators of the host's.
*/
#include <ctype.h>
#include <stdio.h>

#include "ops/op.h"

#define ENTRY(id, ...)     &tide__op_##id,
#define UNARY ENTRY
#define UNARYP ENTRY
#define BINARY ENTRY
#define BINARYP ENTRY
#define TERNARY ENTRY
#define CHOICE ENTRY
#define FACE ENTRY
#define PREDICATE1 ENTRY
#define PREDICATE ENTRY
#define OP ENTRY
#define OP2 ENTRY
#define OP3 ENTRY
#define OPN ENTRY
#define EXTERN(id, ...)    extern const tide_Op tide__op_##id;
#define COMPOSITE EXTERN
#define COMPOSITE2 EXTERN
#define COMPOSITE3 EXTERN
#define COMPOSITEN EXTERN
#undef ENTRY
#define ENTRY(id, ...)
#include "ops/tables.def"
#undef ENTRY
#undef COMPOSITE
#undef COMPOSITE2
#undef COMPOSITE3
#undef COMPOSITEN
#define ENTRY(id, ...)     &tide__op_##id,
#define COMPOSITE ENTRY
#define COMPOSITE2 ENTRY
#define COMPOSITE3 ENTRY
#define COMPOSITEN ENTRY
static const tide_Op *const table[] = {
#include "ops/tables.def"
};

const tide_Op tide__op_accumulate = {.sig = {.id = "accumulate", .name = "accumulate", .outputs = 1}, .kind = OP_RECORD, .node = "AccumulateGrad"};

const tide_Op *tide_operator(int i) { return i >= 0 && i < (int)(sizeof table / sizeof *table) ? table[i] : NULL; }

const char *tide_operator_alias(int i, const char **of) {
  static const char *const aliases[][2] = {
#define ALIAS(name, original) {name, original},
#include "ops/aliases.def"
#undef ALIAS
  };
  if (i < 0 || i >= (int)(sizeof aliases / sizeof *aliases)) return NULL;
  *of = aliases[i][1];
  return aliases[i][0];
}

const tide_Op *tide_find_operator(const char *id) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) if (!strcmp(table[i]->sig.id, id)) return table[i];
  return NULL;
}

const tide_Signature *tide_signature(const tide_Op *op) { return &op->sig; }
int tide_op_inplace(const tide_Op *op) { return op->inplace != INPLACE_NO; }

int tide_call(const tide_Op *op, tide_Context *c, const tide_Value *args, tide_Tensor **out, int *nout, tide_Tensor ***list) {
  if (op->kind == OP_COMPOSITE) {
    const char *outer = c->name;
    if (!outer) c->name = op->sig.name;
    int ok = op->thunk(c, args, out, nout, list);
    if (!ok && c->code == TIDE_OK) tide__fail(c, TIDE_EARG, "the list of tensors is empty");      /* nothing to tell the context by */
    c->name = outer;
    return ok;
  }
  if (op->sig.outputs < 0) return (*list = tide__apply_list(op, c, args, nout)) != NULL;
  *nout = op->sig.outputs;
  return tide__apply(op, c, args, out);
}

int tide_call_inplace(const tide_Op *op, tide_Context *c, const tide_Value *args, tide_Tensor **out) {
  out[0] = op->kind == OP_COMPOSITE ? tide__inplace_composite(op, c, args) : tide__inplace(op, c, args);
  return out[0] != NULL;
}


/* {======================== names of nodes ======================== */

const char *tide_node_name(const tide_Node *n) {
  const tide_Op *op = n->op;
  char *s = n->ctx->node_name;
  size_t k = 0, room = sizeof n->ctx->node_name - sizeof "Backward0";
  if (n->flags & N_CUSTOM) return n->extra && n->extra->name ? n->extra->name : "CustomFunctionBackward";
  if (n->flags & N_INPLACE && op->inplace_node) return op->inplace_node;
  if (op->node) return op->node;
  const char *name = strrchr(op->sig.name, '.');
  int up = 1;
  for (name = name ? name + 1 : op->sig.name; *name && k < room; name++) {
    if (*name == '_') { up = 1; continue; }
    s[k++] = (char)(up ? toupper((unsigned char)*name) : *name);
    up = 0;
  }
  strcpy(s + k, "Backward0");
  return s;
}

/* }========================================================= */


/* {======================== operators of the host's ======================== */

struct tide__Defined { struct tide__Defined *next; const tide_Definition *d; };

int tide_define(tide_Context *c, const tide_Definition *d) {
  for (tide__Defined *p = c->defined; p; p = p->next)
    if (!strcmp(p->d->name, d->name)) { tide__fail(c, TIDE_EARG, "the operator %s is defined already", d->name); return 0; }
  if (tide_find_operator(d->name)) { tide__fail(c, TIDE_EARG, "the operator %s is tide's own", d->name); return 0; }
  if (d->nin < 1 || d->nin > TIDE_DEFINED_MAX || d->nout < 1 || d->nout > TIDE_DEFINED_MAX || !d->forward) {
    tide__fail(c, TIDE_EARG, "the operator %s: 1 to %d inputs and outputs and a forward function are wanted", d->name, TIDE_DEFINED_MAX);
    return 0;
  }
  tide__Defined *p = tide__alloc(c, sizeof *p);
  if (!p) return 0;
  *p = (tide__Defined){c->defined, d};
  c->defined = p;
  return 1;
}

void tide__free_definitions(tide_Context *c) {
  while (c->defined) { tide__Defined *p = c->defined; c->defined = p->next; tide__free(c, p, sizeof *p); }
}

/* The saved values of such a node are its inputs, then its outputs. */
static int defined_vjp(void *arg, tide_Node *n, int nout, tide_Tensor *const *g, int nin, tide_Tensor **gi) {
  const tide_Definition *d = arg;
  tide_Tensor *saved[2 * TIDE_DEFINED_MAX];
  for (int i = 0; i < nin + nout; i++) if (!(saved[i] = tide_node_saved(n, i))) return 0;
  return d->vjp(n->ctx, saved, saved + nin, g, gi);
}

int tide_call_defined(tide_Context *c, const char *name, int nin, tide_Tensor *const *in, tide_Tensor **out) {
  tide__Defined *p = c->defined;
  while (p && strcmp(p->d->name, name)) p = p->next;
  if (!p) { tide__fail(c, TIDE_EARG, "there is no operator %s", name); return 0; }
  const tide_Definition *d = p->d;
  if (nin != d->nin) { tide__fail(c, TIDE_EARG, "%s takes %d tensors, got %d", name, d->nin, nin); return 0; }
  for (int i = 0; i < nin; i++) if (!in[i]) return 0;
  const char *outer = c->name;
  int mode = c->mode.grad;
  c->name = name;
  c->mode.grad = 0;
  for (int i = 0; i < d->nout; i++) out[i] = NULL;
  int ok = d->forward(c, in, out);
  c->mode.grad = (uint8_t)mode;
  for (int i = 0; ok && i < d->nout; i++) ok = out[i] != NULL;
  if (!ok && c->code == TIDE_OK) tide__fail(c, TIDE_ECALLBACK, "failed without saying why");
  if (ok && mode && d->vjp) {
    tide_Function f = {sizeof f, name, defined_vjp, NULL, NULL, 1};
    char node[80];
    int tracked = 0;
    for (int i = 0; i < nin; i++) tracked |= tide_requires_grad(in[i]);
    snprintf(node, sizeof node, "%sBackward", name);
    f.name = node;
    if (tracked) {
      ok = tide_function(c, &f, (void *)(uintptr_t)d, nin, in, d->nout, out, 0, 0);
      tide_Tensor *save[2 * TIDE_DEFINED_MAX];
      for (int i = 0; i < nin; i++) save[i] = in[i];
      for (int i = 0; i < d->nout; i++) save[nin + i] = out[i];
      tide_Node *n = ok ? tide_grad_fn(out[0], NULL) : NULL;
      if (n) ok = tide_node_save(n, nin + d->nout, save);
    }
  }
  c->name = outer;
  return ok;
}

/* }========================================================= */
