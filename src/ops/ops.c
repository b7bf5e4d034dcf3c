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

struct tide__Defined { struct tide__Defined *next; tide_Definition d; char name[TIDE_DEFINED_NAME + 1], node[TIDE_DEFINED_NAME + sizeof "Backward"]; };

static tide__Defined *find_defined(const tide_Context *c, const char *name) {
  tide__Defined *p = c->defined;
  while (p && strcmp(p->name, name)) p = p->next;
  return p;
}

static int check_definition(tide_Context *c, const tide_Definition *d) {
  if (!d->name || !*d->name || strlen(d->name) > TIDE_DEFINED_NAME) return tide_fail(c, TIDE_EARG, "define: a name of 1 to %d letters is wanted", TIDE_DEFINED_NAME) != NULL;
  if (find_defined(c, d->name)) return tide_fail(c, TIDE_EARG, "define: the operator %s is defined already", d->name) != NULL;
  if (tide_find_operator(d->name)) return tide_fail(c, TIDE_EARG, "define: the operator %s is tide's own", d->name) != NULL;
  if (d->nin < 1 || d->nin > TIDE_DEFINED_MAX || d->nout < 1 || d->nout > TIDE_DEFINED_MAX || !d->forward)
    return tide_fail(c, TIDE_EARG, "define: %s: 1 to %d inputs and outputs and a forward function are wanted", d->name, TIDE_DEFINED_MAX) != NULL;
  return 1;
}

int tide_define(tide_Context *c, const tide_Definition *definition) {
  tide_Definition d = {0};
  memcpy(&d, definition, definition->size < sizeof d ? definition->size : sizeof d);
  tide__Defined *p = c->code == TIDE_OK && check_definition(c, &d) ? tide__alloc(c, sizeof *p) : NULL;
  if (!p) { if (d.release) d.release(d.arg); return 0; }
  *p = (tide__Defined){.next = c->defined, .d = d};
  strcpy(p->name, d.name);
  snprintf(p->node, sizeof p->node, "%sBackward", d.name);
  p->d.name = p->name;
  c->defined = p;
  return 1;
}

const tide_Definition *tide_definition(const tide_Context *c, const char *name) {
  tide__Defined *p = find_defined(c, name);
  return p ? &p->d : NULL;
}

void tide__free_definitions(tide_Context *c) {
  for (tide__Defined *p; (p = c->defined) != NULL;) {
    c->defined = p->next;
    if (p->d.release) p->d.release(p->d.arg);
    tide__free(c, p, sizeof *p);
  }
}

/* The saved values of such a node are its inputs, then its outputs. */
static int defined_vjp(void *arg, tide_Node *n, int nout, tide_Tensor *const *g, int nin, tide_Tensor **gi) {
  const tide_Definition *d = arg;
  tide_Tensor *saved[2 * TIDE_DEFINED_MAX];
  for (int i = 0; i < nin + nout; i++) if (!(saved[i] = tide_node_saved(n, i))) return 0;
  return d->vjp(d->arg, n->ctx, saved, saved + nin, g, gi);
}

/* The node of the outputs. */
static int record_defined(tide_Context *c, tide__Defined *p, tide_Tensor *const *in, tide_Tensor **out) {
  int nin = p->d.nin, nout = p->d.nout;
  tide_Tensor *saved[2 * TIDE_DEFINED_MAX];
  memcpy(saved, in, (size_t)nin * sizeof *saved);
  memcpy(saved + nin, out, (size_t)nout * sizeof *saved);
  const tide_Function f = {.size = sizeof f, .name = p->node, .vjp = defined_vjp, .materialize = 1, .nsaved = nin + nout, .saved = saved};
  return tide_function(c, &f, &p->d, nin, in, nout, out, 0, 0);
}

/* Runs forward without recording, then records. */
static int run_defined(tide_Context *c, tide__Defined *p, tide_Tensor *const *in, tide_Tensor **out) {
  int mode = c->mode.grad, tracked = 0;
  for (int i = 0; i < p->d.nin; i++) {
    int tr = in[i] == TIDE_NONE ? 0 : tide__tracks(in[i]);
    if (tr < 0) return 0;
    tracked |= tr;
  }
  c->mode.grad = 0;
  int ok = p->d.forward(p->d.arg, c, in, out);
  c->mode.grad = (uint8_t)mode;
  for (int i = 0; ok && i < p->d.nout; i++) ok = out[i] != NULL && out[i] != TIDE_NONE;
  if (!ok && c->code == TIDE_OK) tide__fail(c, TIDE_ECALLBACK, "failed without saying why");
  return ok && c->code == TIDE_OK && (!mode || !tracked || !p->d.vjp || record_defined(c, p, in, out));
}

tide_Tensor *tide_call_defined(tide_Context *c, const char *name, int nin, tide_Tensor *const *in, tide_Tensor **more) {
  tide_Tensor *out[TIDE_DEFINED_MAX] = {NULL};
  tide__Defined *p = find_defined(c, name);
  for (int i = 0; i < nin; i++) if (!in[i]) return NULL;
  if (c->code != TIDE_OK) return NULL;
  if (!p) return tide_fail(c, TIDE_EARG, "there is no operator %s", name);
  if (nin != p->d.nin) return tide_fail(c, TIDE_EARG, "%s: %d tensors are wanted, got %d", name, p->d.nin, nin);
  for (int i = 0; i < nin; i++) if (in[i] != TIDE_NONE && in[i]->ctx != c) return tide_fail(c, TIDE_EARG, "%s: tensors of two contexts", name);
  const char *outer = c->name;
  tide_Scope scope = tide_scope(c);
  c->name = p->name;
  int ok = run_defined(c, p, in, out), nout = p->d.nout;
  c->name = outer;
  for (int i = 0; ok && i < nout; i++) tide__retain(out[i]);
  tide_close(c, scope, NULL);
  for (int i = 0; ok && i < nout; i++) {
    if (tide__own(c, out[i])) continue;
    for (int k = i + 1; k < nout; k++) tide__release(out[k]);
    ok = 0;
  }
  for (int i = 1; i < nout && more; i++) more[i - 1] = ok ? out[i] : NULL;
  return ok ? out[0] : NULL;
}

/* }========================================================= */
