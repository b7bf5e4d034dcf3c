/*
** What an operator is, for the files that define operators.
**
** Every operator stands in one .def table and has one constant record, a tide_Op; its address is the operator. There are
** three kinds. A row (pointwise.def) is an expression with a formula for each input. A record (OP in the other tables) has infer and
** run functions and a vjp. A composite (COMPOSITE) is a body over public operators and has no node of its own. A family's .c file sets
** TABLE and includes "ops/define.h", which writes the records and the C functions from the table. src/ops/README.md
** shows how to add one.
*/
#ifndef TIDE_OPS_OP_H
#define TIDE_OPS_OP_H

#include "kernels/kernels.h"
#include "ops/arguments.h"
#include "tensor/graph.h"
#include "tensor/tensor.h"

typedef struct tide_Call tide_Call;

enum { OP_ROW, OP_RECORD, OP_COMPOSITE };
enum { INPLACE_NO, INPLACE_YES, INPLACE_META, INPLACE_WRITE };
                              /* META: geometry only (t_, squeeze_ ...); WRITE: run writes some elements of what tide__target made */

/* Sets of dtypes, as bits. */
#define SET_FLOAT   0x03
#define SET_INT     0x7c
#define SET_NUM     0x7f
#define SET_INTBOOL 0xfc
#define SET_ANY     0xff

/* What a formula needs of its node: bit i = input i, bit 8 + k = output k. */
#define IN(i)  (1u << (i))
#define OUT(k) (1u << (8 + (k)))

struct tide_Op {
  tide_Signature sig;
  const char *node;             /* name of its node; NULL: CamelCase(name) + "Backward0" */
  const char *inplace_node;     /* the same of its in-place form, where PyTorch has another name for that */
  uint8_t kind, inplace;
  uint8_t row;                  /* of pointwise.def */
  uint8_t nin;                  /* inputs of a row */
  uint8_t first;                /* of a row: 1 if input 0 is a condition, which is no part of its dtype */
  uint8_t to_bool;              /* a row whose result is bool */
  uint8_t view;                 /* its outputs are views of input 0 */
  uint8_t nondiff;              /* bit k: output k is not differentiable */
  uint8_t linear;               /* bit i: linear in input i alone (for forward mode) */
  uint8_t takes_none;           /* its vjp accepts absent gradients of outputs */
  uint8_t not_differentiable;   /* no node is ever recorded */
  uint8_t spare_last;           /* its last input is never saved (index_put: the values, which follow a list of any length) */
  uint16_t save[4];             /* what the formula of input 0, 1, 2, 3 and beyond needs */
  int (*check)(tide_Call *);    /* rows: looks at the arguments once dtypes are known; 1, or 0 with the error set */
  int (*infer)(tide_Call *);    /* makes the outputs: tide__result, tide__view; 1, or 0 with the error set */
  int (*run)(tide_Call *);      /* fills them; NULL where infer has done all */
  tide_Tensor *(*vjp1)(tide_Node *n, tide_Tensor *g, int i);   /* gradient of input i; one output */
  int (*vjp)(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want);  /* of all wanted inputs; any outputs */
  int (*thunk)(tide_Context *c, const tide_Value *v, tide_Tensor **out, int *nout, tide_Tensor ***list);
};

/* One call on its way through the door. */
struct tide_Call {
  const tide_Op *op;
  tide_Context *c;
  tide_Tensor **in;             /* tensor arguments in order, lists spread out, TIDE_NONE where absent */
  int nin;
  const tide_Value *v;          /* all arguments, one per parameter */
  tide_Tensor **out;
  int nout;                     /* of an operator with any number of outputs infer sets it, and out, by tide__outputs */
  double param[4];              /* the numbers of a row */
  int dtype;                    /* rows: what it computes in */
  uint8_t flat;                 /* rows: one loop over memory */
  uint8_t direct;               /* tide__target is input 0 itself: an in-place call of an INPLACE_WRITE record */
};

/* {======================== for infer and run ======================== */

/* Output k, uninitialised. 1, or 0 with the error set. */
int tide__result(tide_Call *k, int output, int dtype, int ndim, const int64_t *shape);
int tide__result_like(tide_Call *k, int output, int dtype, const tide_Tensor *like);
/* Output k as a view of input 0, `offset` elements on. */
int tide__view(tide_Call *k, int output, int ndim, const int64_t *shape, const int64_t *strides, int64_t offset);
/* Output 0 of an INPLACE_WRITE record: a copy of input 0, broadcast to these sizes, or in an in-place call input 0 itself. run must check all that can
** fail before it writes. */
int tide__target(tide_Call *k, int ndim, const int64_t *shape);
/* The same for a run that writes all of it: uninitialised, like input 0, unless it is input 0 itself. */
int tide__target_like(tide_Call *k);
/* Room for n outputs of an operator with any number of them. */
int tide__outputs(tide_Call *k, int n);
/* Memory that lives until the scope is closed. */
void *tide__scratch(tide_Context *c, size_t bytes);

/* Sets the error; returns 0. */
#define FAIL(k, code, ...) (tide__fail((k)->c, code, __VA_ARGS__), 0)

/* A dimension, counted from 0 or negative from the end, as 0 .. ndim-1 (a 0-dim tensor counts as having one). -1 with the error. The message
** shows the user's own number. */
int tide__dim(tide_Context *c, int64_t dim, int ndim);
/* A set of dimensions (n -1: all of them) as a bit mask; 0 on error, with *ok = 0. Error: out of range, twice. */
uint32_t tide__dims(tide_Context *c, const int64_t *dims, int n, int ndim, int *ok);
/* The number that a user of this context gives for position or dimension `i` (from 0). */
static inline long long tide__shown(const tide_Context *c, int64_t i) { return (long long)(i < 0 ? i : i + c->base); }
/* A position in an index tensor (base of the context) as 0 .. size-1, or -1 where it is out of range (or 0 under base 1). Negative ones count from the end. */
static inline int64_t tide__pos(int64_t i, int64_t size, int base) {
  int64_t p = i < 0 ? i + size : i - base;
  return (base && i == 0) || p < 0 || p >= size ? -1 : p;
}

/* The dtype in which these operands meet, by PyTorch's rules (dimensioned, 0-dim, numbers). */
int tide__promote(tide_Context *c, int n, tide_Tensor *const *in);
/* Can dtype hold the number v, cut to a whole one where it must be? (An unsigned one holds the negatives of its range too, which wrap.) */
int tide__holds(int dtype, const tide_Tensor *v);
/* t in another dtype, or t itself; without history; owned by the scope. */
tide_Tensor *tide__converted(tide_Tensor *t, int dtype);
/* t with contiguous memory, or t itself; without history; owned by the scope. */
tide_Tensor *tide__packed(tide_Tensor *t);
int tide__broadcast(tide_Context *c, int n, tide_Tensor *const *in, int *ndim, int64_t *shape);

/* }========================================================= */

/* {======================== for formulas ======================== */

/* A saved input or output, checked against changes; NULL with the error set. */
tide_Tensor *tide__saved(tide_Node *n, int input);
tide_Tensor *tide__saved_output(tide_Node *n, int output);
/* The shape that input i had. `g` is the gradient of output 0. */
const int64_t *tide__in_shape(const tide_Node *n, const tide_Tensor *g, int i, int *ndim);
#define ARG(n, k)   (tide__node_values(n)[k])            /* argument k as it was given; tensors among them are gone */
#define K(c)        tide_number(n->ctx, c)               /* a constant, inside a formula */

/* }========================================================= */

/* {======================== the door ======================== */

/* Calls a record: spreads the tensors among the arguments and goes through the door. out has room for op's outputs. */
int tide__apply(const tide_Op *op, tide_Context *c, const tide_Value *v, tide_Tensor **out);
/* The same for an operator with any number of outputs; the list lives until the scope is closed. */
tide_Tensor **tide__apply_list(const tide_Op *op, tide_Context *c, const tide_Value *v, int *count);
/* Calls a row. */
tide_Tensor *tide__row(const tide_Op *op, int nin, tide_Tensor **in, const double *param);
/* Writes the result of a row or record into its first tensor, which is returned. */
tide_Tensor *tide__inplace(const tide_Op *op, tide_Context *c, const tide_Value *v);
/* The same for a composite, whose first argument is that tensor and which has one result. */
tide_Tensor *tide__inplace_composite(const tide_Op *op, tide_Context *c, const tide_Value *v);

/* Is t part of a graph? Brings a view up to date first. -1: failed. */
int tide__refresh(tide_Tensor *t);
static inline int tide__tracks(tide_Tensor *t) { return likely(!t->base) ? t->rg : tide__refresh(t); }
/* The node and output that t's gradient goes to. NULL with the error set. */
tide_Node *tide__edge(tide_Tensor *t, uint32_t *output);
/* May this be written in place? (leaf, view of a leaf, forbidden view, overlapping memory, inference) 1, or 0 with the error set. */
int tide__writable(tide_Tensor *t, int recording);
/* After a write: makes `node` t's history (taking its count); a view's goes to its base. */
int tide__rebase(tide_Tensor *t, tide_Node *node, uint32_t output);

/* Parts of recording. Fills an edge to t, whose gradient is fitted to t's shape (`like`: a tensor of output 0's shape, or NULL); `used` counts the
** words of n's shapes. Saves a value, through the pack hook if there is one. Where the forward call stands (anomaly mode). All: 1, or 0 with the error set. */
int tide__connect(tide__Edge *e, tide_Tensor *t, const tide_Tensor *like, int64_t *shapes, uint32_t *used);
int tide__save_value(tide_Context *c, tide__Saved *s, tide_Tensor *t, uint32_t which, uint32_t version);
int tide__save_trace(tide_Context *c, tide_Node *n);
/* Holds tensors until the scope is closed, whatever a callback in between gives up. 1, or 0 with the error set. */
int tide__hold_all(tide_Context *c, int n, tide_Tensor *const *t);
/* Makes (n, output) t's history, t being no view, or one that no longer follows its base; takes a count of n. Cannot fail after tide__make_room_to_retain. */
int tide__make_room_to_retain(const tide_Tensor *t, tide_Node *n);
void tide__set_history(tide_Tensor *t, tide_Node *n, uint32_t output);
/* A node with several outputs knows their shapes and dtypes, for zeros in their places: these words at its end, for each. */
#define OUTPUT_WORDS (1 + TIDE_MAXDIM)
void tide__note_output(tide_Node *n, int i, const tide_Tensor *t);

/* For running a node backward: the facts of output i, a saved value of it again (h and output: where its history leads; h NULL: it has none, `always`: also while nothing is recorded), and the
** engine's step: g its output gradients (TIDE_NONE where absent), gi those of the wanted inputs, fitted to them. */
const int64_t *tide__output_shape(const tide_Node *n, int i, int *ndim, int *dtype);
tide_Tensor *tide__unpack(tide_Node *n, tide__Saved *s, tide_Node *h, uint32_t output, int always);
int tide__node_run(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want);

/* Pointwise: infer and run. `out` not NULL: write there. */
int tide__pointwise_infer(tide_Call *k);
int tide__pointwise_run(tide_Call *k);
/* dst += src, without history; same shape. */
int tide__add_into(tide_Tensor *dst, tide_Tensor *src);

/* }========================================================= */

/* Prototypes of every operator, from the tables. */
#include "ops/prototypes.h"

#endif
