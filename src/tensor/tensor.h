/*
** Tensors. A tensor is one cell: header, geometry (inline up to four dimensions), and, where it owns its memory, the
** memory itself if it is small.
**
** A cell has two counts. `refs` counts handles: boxes of a binding, scopes, whoever called tide_keep. `keep` counts what needs the
** cell: one for "refs > 0", one for each saved value, view or alias that uses its memory or its version counter. When refs
** falls to 0 the tensor is dead: it drops its history and its grad. When keep falls to 0 the cell is freed. So a
** value saved for backward never holds history, and no cycle can form through it.
*/
#ifndef TIDE_TENSOR_TENSOR_H
#define TIDE_TENSOR_TENSOR_H

#include "base/context.h"
#include "base/dtype.h"

#define INLINE_DIMS  4
#define SMALL_BYTES  32

enum {                      /* flags */
  T_CONTIG    = 1,          /* row-major without gaps */
  T_DENSE     = 2,          /* without gaps or overlap, in some order of dimensions */
  T_NUMBER    = 4,          /* a number standing in for a tensor */
  T_SPLAT     = 8,          /* every stride 0: one element seen many times */
  T_INFERENCE = 16,         /* made in inference mode */
  T_HOST      = 32,         /* memory is the host's; how to give it back stands in `small` */
  T_RETAINS   = 64          /* retain_grad was called */
};

enum {                      /* how a view came to be, for what writing to it may do */
  VIEW_PLAIN, VIEW_NO_GRAD, VIEW_MANY /* one of several outputs */, VIEW_CUSTOM /* an output of a custom function */
};

struct tide_Tensor {
  int32_t refs, keep;
  uint8_t dtype, ndim, flags;
  uint8_t rg;               /* takes part in differentiation: a leaf that requires grad, or has a node (views: see tide__tracks) */
  uint8_t view;             /* VIEW_... if base */
  uint32_t output;          /* which output of `node` this is */
  tide_Context *ctx;
  tide_Tensor *store;       /* the cell that owns the memory, often the tensor itself */
  char *data;
  tide_Node *node;          /* what made it; of a leaf, its AccumulateGrad node if there is one */
  int64_t n;
  int64_t *shape;           /* ndim sizes, then ndim strides, both in elements */
  int64_t dims[2 * INLINE_DIMS];
  tide_Tensor *grad;
  tide_Tensor *base;        /* of a differentiable view: the tensor it looks at, never itself a view; holds a count */
  tide_Tensor *counter;     /* the cell whose version counts, often the tensor itself */
  uint32_t version;         /* writes, if this cell is a counter */
  uint32_t seen;            /* of a view: the version at which `node` was right */
  char *memory;             /* if this cell owns some */
  size_t bytes;
  char small[SMALL_BYTES];
};

typedef struct tide__HostMemory { void (*release)(void *); void *arg; } tide__HostMemory;

static inline int64_t *tide__strides(const tide_Tensor *t) { return t->shape + t->ndim; }
static inline uint32_t tide__version(const tide_Tensor *t) { return t->counter->version; }

void tide__die(tide_Tensor *t);
void tide__cell_free(tide_Tensor *t);

static inline tide_Tensor *tide__retain(tide_Tensor *t) {
  if (t->refs++ == 0) t->keep++;
  return t;
}
static inline void tide__release(tide_Tensor *t) { if (--t->refs == 0) tide__die(t); }
static inline tide_Tensor *tide__pin(tide_Tensor *t) { t->keep++; return t; }
static inline void tide__unpin(tide_Tensor *t) { if (--t->keep == 0) tide__cell_free(t); }

/* Makers. All return a tensor with one count that is the caller's (not the scope's), or NULL with the error set. */
tide_Tensor *tide__new(tide_Context *c, int dtype, int ndim, const int64_t *shape);           /* contiguous, uninitialised */
tide_Tensor *tide__new_like(tide_Context *c, int dtype, const tide_Tensor *like);             /* the strides of a dense one too */
tide_Tensor *tide__new_strided(tide_Context *c, int dtype, int ndim, const int64_t *shape, const int64_t *strides);
/* Another look at the memory of t, `offset` elements on: shares storage and counter, no history, no base. */
tide_Tensor *tide__alias(tide_Tensor *t, int ndim, const int64_t *shape, const int64_t *strides, int64_t offset);
tide_Tensor *tide__scalar(tide_Context *c, int dtype, double v);

void tide__set_flags(tide_Tensor *t);                     /* n and the geometry flags from shape and strides */
int tide__same_shape(const tide_Tensor *a, const tide_Tensor *b);
int tide__same_geometry(const tide_Tensor *a, const tide_Tensor *b);
int tide__overlaps_itself(const tide_Tensor *t);          /* may two indices name one element? */
int tide__overlap(const tide_Tensor *a, const tide_Tensor *b);  /* may they share memory? */
void tide__contiguous_strides(int ndim, const int64_t *shape, int64_t *strides);
/* "(2, 3)", "(2,)", "()": into a ring of static-size buffers held by the caller's frame */
typedef struct tide__Text { char s[160]; } tide__Text;
const char *tide__shape_text(tide__Text *buf, int ndim, const int64_t *shape);
#define SHAPE_TEXT(t) tide__shape_text(&(tide__Text){{0}}, (t)->ndim, (t)->shape)
#define SIZES_TEXT(n, s) tide__shape_text(&(tide__Text){{0}}, n, s)

/* Nobody but the one handle knows this memory: it may be taken over or written. */
static inline int tide__alone(const tide_Tensor *t) {
  return t->refs == 1 && t->keep == 1 && t->store == t && t->counter == t && !(t->flags & (T_NUMBER | T_HOST)) && !t->grad;
}

#endif
