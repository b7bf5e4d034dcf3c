/*
** Graph nodes. A node is one block: header, edges, saved values, gradient slots, arguments, shapes. Edges lead from an operator
** towards its inputs and hold a count; tensors hold their node; a leaf owns its AccumulateGrad node, which points back weakly.
** Nodes die in a loop, never by recursion.
*/
#ifndef TIDE_TENSOR_GRAPH_H
#define TIDE_TENSOR_GRAPH_H

#include "tensor/tensor.h"

enum { N_LEAF = 1, N_FREED = 2, N_NEEDED = 4, N_WATCHED = 8, N_CUSTOM = 16, N_INPLACE = 32 };

#define SAVED_OUTPUT 0x80000000u         /* Saved.which: an output, its number in the low bits */

typedef struct tide__Edge {
  tide_Node *node;                       /* NULL: no gradient goes there */
  uint32_t output;
  uint8_t dtype, ndim;                   /* of the input, to which its gradient is fitted */
  uint8_t same;                          /* the input has the shape of output 0: no shape is stored */
  uint8_t by_columns;                    /* its matrices were stored by columns: a product makes its gradient so too */
  uint32_t shape;                        /* else where it stands in the node's shapes */
} tide__Edge;

/* A value that a pack hook holds. */
typedef struct tide__Packed { void *value; tide_Tensor *(*unpack)(void *); void (*release)(void *); } tide__Packed;

typedef struct tide__Saved {
  union { tide_Tensor *cell; tide__Packed *packed; };     /* cell: a pin */
  uint32_t version;
  uint32_t which;                        /* input number, or SAVED_OUTPUT | output number */
  uint8_t is_packed;
} tide__Saved;

typedef struct tide__Hook {
  struct tide__Hook *next;
  int id, kind, output, removed;
  tide_HookFunction f;
  void *arg;
  void (*release)(void *);
} tide__Hook;

typedef struct tide__Retained { struct tide__Retained *next; tide_Tensor *t; uint32_t output; } tide__Retained;

typedef struct tide__CustomSaved { tide__Saved value; tide_Node *node; uint32_t output; } tide__CustomSaved;

/* What few nodes have. */
typedef struct tide__Extra {
  tide__Hook *hooks;
  int last_hook;
  tide__Retained *retained;
  char *trace;                           /* where the forward call was made (anomaly mode); strlen + 1 bytes */
  /* nodes of tide_function */
  tide_Function f;
  char *name;
  void *arg;
  tide__CustomSaved *saved;
  int nsaved;
  tide_Node *inner;                      /* of CopySlices: the node of the operator that wrote */
} tide__Extra;

struct tide_Node {
  const tide_Op *op;
  tide_Context *ctx;
  int32_t refs;
  uint8_t flags, size_class;
  uint16_t nsaved;
  uint32_t nin, nout;
  uint64_t seq;
  uint32_t saved_at, grads_at, values_at, shapes_at, size;     /* byte offsets from the node; size of the block */
  tide__Extra *extra;
  tide_Tensor *leaf;                     /* N_LEAF: the tensor, weakly */
  /* scratch of a backward pass, valid while `run` is that pass' number */
  uint64_t run;
  int32_t deps;
  int32_t capture;                       /* first of the captures here, -1: none */
  tide_Node *link;
  tide_Tensor *g;                        /* gradient of the only output */
  tide__Edge e[];
};

static inline void *tide__at(const tide_Node *n, uint32_t offset) { return (char *)n + offset; }
static inline tide__Saved *tide__node_saved(const tide_Node *n) { return tide__at(n, n->saved_at); }
static inline tide_Value *tide__node_values(const tide_Node *n) { return tide__at(n, n->values_at); }
static inline int64_t *tide__node_shapes(const tide_Node *n) { return tide__at(n, n->shapes_at); }
/* The gradients of the outputs, nout of them. */
static inline tide_Tensor **tide__node_grads(tide_Node *n) { return n->nout == 1 ? &n->g : tide__at(n, n->grads_at); }

/* A node with one count, its edges empty; `values` arguments, `shapes` 64-bit words. NULL with TIDE_NOMEM. */
tide_Node *tide__node_new(tide_Context *c, const tide_Op *op, uint32_t nin, uint32_t nout, uint32_t nsaved, uint32_t values, uint32_t shapes);
void tide__node_die(tide_Node *n);
static inline void tide__node_unref(tide_Node *n) { if (--n->refs == 0) tide__node_die(n); }

/* Lets go of the saved values; the node is spent. Cannot fail. */
void tide__node_free_saved(tide_Node *n);
tide__Extra *tide__node_extra(tide_Node *n);              /* made when first asked for */

/* t's AccumulateGrad node (t is a leaf that requires grad). */
tide_Node *tide__accumulator(tide_Tensor *t);
void tide__forget_retained(tide_Node *n, tide_Tensor *t);
extern const tide_Op tide__op_accumulate, tide__op_copy_slices;      /* of nodes only: in no table */

#endif
