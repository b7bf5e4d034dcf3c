/*
** tide: tensors and automatic differentiation in C.
**
** This header is the manual of the C library; tide_ops.h, which it includes, lists the operators.
**
**   tide_Context *c = tide_open(NULL);
**   tide_Tensor *x = tide_from_data(c, TIDE_FLOAT32, 1, (int64_t[]){3}, (float[]){1, 2, 3});
**   tide_set_requires_grad(x, 1);
**   tide_Tensor *y = tide_sum(tide_mul(x, x));
**   if (!tide_backward(1, &y, NULL, 0)) puts(tide_error(c));
**   const float *g = tide_data(tide_get_grad(x));          // 2 4 6
**   tide_shutdown(c);
**
** Errors are values. A function that makes a tensor returns NULL when it fails, and NULL when it is given
** NULL, so that expressions nest without checks; the first error (a code and a message) is kept in the context
** until tide_clear_error. Functions that return int return 1 for success, 0 for failure. Nothing in the
** library aborts, prints or jumps. After a failure everything is as it was, except that a backward that fails
** midway keeps what it had accumulated.
**
** An absent optional tensor is TIDE_NONE, never NULL.
**
** Ownership. A new tensor belongs to the innermost open scope of its context and lives until that scope is
** closed. tide_keep takes it out: it is then the caller's until tide_release. The context has a root scope,
** which tide_shutdown closes. Functions that merely read (tide_get_grad, tide_grad_fn ...) lend their result.
**
** Threads. A context and all that belongs to it is used by one thread at a time; different contexts are
** independent. tide_interrupt alone may be called from anywhere. Large work is split over a pool of threads which all
** contexts share: made when it is first needed, blocking all signals, asleep when idle, gone in the child of a fork.
*/
#ifndef TIDE_H
#define TIDE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define TIDE_API
#else
#define TIDE_API __attribute__((visibility("default")))
#endif

#define TIDE_VERSION     "0.1.0"
#define TIDE_MAXDIM      16              /* most dimensions of a tensor */
#define TIDE_ABSENT      INT64_MIN       /* an absent optional integer */

typedef struct tide_Context tide_Context;
typedef struct tide_Tensor tide_Tensor;
typedef struct tide_Node tide_Node;
typedef struct tide_Op tide_Op;

/* The version of the library that runs, as TIDE_VERSION has that of the header. */
TIDE_API const char *tide_version(void);


/*
** {======================================================================
** Context
** =======================================================================
*/

/* An allocator like lua_Alloc: new memory when p is NULL, freeing when nsize is 0; never moves (p and nsize are
** not both given). Returns NULL when there is none. */
typedef void *(*tide_Alloc)(void *ud, void *p, size_t osize, size_t nsize);

typedef struct tide_Config {
  size_t size;             /* sizeof(tide_Config), so that the struct can grow */
  tide_Alloc alloc;        /* NULL: the C library's */
  void *ud;                /* handed to alloc */
  int base;                /* what positions held in index tensors count from: 0 (default) or 1 */
  int no_files;            /* 1: no access to files; what is in memory can be read and written still */
} tide_Config;

/* A new context; NULL if there is no memory for it. `config` may be NULL. */
TIDE_API tide_Context *tide_open(const tide_Config *config);

/* Closes the root scope and gives the context up. It dies with its last tensor. Cannot fail. */
TIDE_API void tide_shutdown(tide_Context *c);

enum {
  TIDE_OK, TIDE_NOMEM, TIDE_EARG, TIDE_ESHAPE, TIDE_EDTYPE, TIDE_EINDEX, TIDE_EGRAD, TIDE_EVERSION, TIDE_EVALUE,
  TIDE_ECALLBACK, TIDE_INTERRUPTED, TIDE_EFILE
};

/* The first error since the last tide_clear_error: its message ("" if none) and its code. */
TIDE_API const char *tide_error(const tide_Context *c);
TIDE_API int tide_error_code(const tide_Context *c);
TIDE_API void tide_clear_error(tide_Context *c);

/* Reports a failure from a callback or an operator of the host's: keeps the message if it is the first one; returns NULL. */
TIDE_API void *tide_fail(tide_Context *c, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The name that messages begin with, for as long as it is set: that of the function which the user called (NULL: each operator's own). Not copied.
** Returns the old one. */
TIDE_API const char *tide_set_function(tide_Context *c, const char *name);

/* Makes the next operator fail with TIDE_INTERRUPTED, once. May be called from a signal handler or another thread. */
TIDE_API void tide_interrupt(tide_Context *c);

/* Opens a scope and returns its mark; closing it releases every tensor made in it that was not kept. `result`, if
** not NULL, is handed to the enclosing scope and returned (it may come from elsewhere, or be NULL). Cannot fail. */
typedef size_t tide_Scope;
TIDE_API tide_Scope tide_scope(tide_Context *c);
TIDE_API tide_Tensor *tide_close(tide_Context *c, tide_Scope scope, tide_Tensor *result);

/* Makes the tensor the caller's own (one count more, or the scope's count if it is the scope's). NULL gives NULL. */
TIDE_API tide_Tensor *tide_keep(tide_Tensor *t);
/* Gives one count back. NULL and TIDE_NONE are ignored. Never allocates, cannot fail. */
TIDE_API void tide_release(tide_Tensor *t);
/* One count more, the caller's, whoever holds the others. */
TIDE_API tide_Tensor *tide_retain(tide_Tensor *t);
/* How many counts there are. */
TIDE_API int tide_handles(const tide_Tensor *t);
/* Puts a count that the caller owns under the innermost scope. */
TIDE_API tide_Tensor *tide_own(tide_Tensor *t);

typedef struct tide_Stats {
  int64_t live_bytes;      /* in buffers, tensors and nodes that are in use */
  int64_t peak_bytes;      /* the highest that live_bytes has been */
  int64_t cached_bytes;    /* free buffers kept for reuse */
  int64_t big_bytes;       /* live, in buffers over 64 KB */
  int64_t small_bytes;     /* tensors and nodes, and an eighth of smaller buffers: what paces a collector */
  int64_t tensors, nodes;  /* alive */
} tide_Stats;
TIDE_API tide_Stats tide_memory_stats(const tide_Context *c);
/* The same, live: to be read at any time. */
TIDE_API const tide_Stats *tide_memory(const tide_Context *c);
TIDE_API void tide_reset_peak(tide_Context *c);
/* Gives cached buffers back to the system. */
TIDE_API void tide_empty_cache(tide_Context *c);
/* live_bytes may not pass `bytes` (0: no limit): what would is first given one chance by the collect callback. */
TIDE_API void tide_set_memory_limit(tide_Context *c, int64_t bytes);
/* Called once when memory runs out; it may release tensors. */
TIDE_API void tide_set_collect(tide_Context *c, void (*collect)(void *arg), void *arg);

/* How many threads the kernels of this process may use, the caller's included: at first 1, or what TIDE_NUM_THREADS says in the
** environment. set: 1, or 0 for n < 1; more than 64 are 64. No result depends on it. */
TIDE_API int tide_set_num_threads(int n);
TIDE_API int tide_get_num_threads(void);
/* A pointer of the host's, kept with the context. */
TIDE_API void tide_set_userdata(tide_Context *c, void *p);
TIDE_API void *tide_userdata(const tide_Context *c);

/* Modes. Each setter returns the old value. */
TIDE_API int tide_set_grad_mode(tide_Context *c, int on);
TIDE_API int tide_grad_mode(const tide_Context *c);
TIDE_API int tide_set_inference_mode(tide_Context *c, int on);
TIDE_API int tide_inference_mode(const tide_Context *c);
TIDE_API int tide_set_default_dtype(tide_Context *c, int dtype);
TIDE_API int tide_default_dtype(const tide_Context *c);

/* }====================================================================== */


/*
** {======================================================================
** Dtypes and tensors
** =======================================================================
*/

enum { TIDE_FLOAT32, TIDE_FLOAT64, TIDE_INT64, TIDE_INT32, TIDE_INT16, TIDE_INT8, TIDE_UINT8, TIDE_BOOL, TIDE_NDTYPES };

TIDE_API const char *tide_dtype_name(int dtype);            /* "float32" ... */
TIDE_API size_t tide_dtype_size(int dtype);
TIDE_API int tide_dtype_is_float(int dtype);
TIDE_API int tide_promote_types(int a, int b);

/* The absent tensor. */
TIDE_API extern tide_Tensor *const TIDE_NONE;

/* A contiguous tensor with a copy of the data (NULL: uninitialised). Error: dtype, ndim or a size out of range. */
TIDE_API tide_Tensor *tide_from_data(tide_Context *c, int dtype, int ndim, const int64_t *shape, const void *data);

/* Host memory as a tensor, uncopied. `strides` counts elements (NULL: contiguous). The memory must stay until
** release(arg) is called, when the last tensor that uses it dies (also when this call fails). */
TIDE_API tide_Tensor *tide_from_memory(tide_Context *c, void *memory, int dtype, int ndim, const int64_t *shape, const int64_t *strides,
                                       void (*release)(void *arg), void *arg);

/* Numbers as operands: 0-dim tensors which in type promotion count by their kind only. */
TIDE_API tide_Tensor *tide_number(tide_Context *c, double v);
TIDE_API tide_Tensor *tide_integer(tide_Context *c, int64_t v);
TIDE_API tide_Tensor *tide_boolean(tide_Context *c, int v);
TIDE_API int tide_is_number(const tide_Tensor *t);

/* Facts. None of these can fail. */
TIDE_API tide_Context *tide_context(const tide_Tensor *t);
TIDE_API int tide_dtype(const tide_Tensor *t);
TIDE_API int tide_ndim(const tide_Tensor *t);
TIDE_API const int64_t *tide_shape(const tide_Tensor *t);
TIDE_API const int64_t *tide_strides(const tide_Tensor *t);      /* in elements */
TIDE_API int64_t tide_numel(const tide_Tensor *t);
TIDE_API int64_t tide_storage_offset(const tide_Tensor *t);      /* in elements */
TIDE_API void *tide_data(const tide_Tensor *t);                  /* the first element */
TIDE_API int tide_is_contiguous(const tide_Tensor *t);
TIDE_API int64_t tide_version_of(const tide_Tensor *t);          /* how often its memory was written in place; -1 for an inference tensor */
TIDE_API int tide_is_view(const tide_Tensor *t);
TIDE_API tide_Tensor *tide_base(const tide_Tensor *t);           /* what it is a differentiable view of, or NULL */
TIDE_API int tide_is_inference(const tide_Tensor *t);
TIDE_API int tide_same_storage(const tide_Tensor *a, const tide_Tensor *b);

/* The element at `index` (an element offset from the first, in memory) converted. */
TIDE_API double tide_element(const tide_Tensor *t, int64_t index);
TIDE_API int64_t tide_element_integer(const tide_Tensor *t, int64_t index);

/*
** x[...]: one entry for each dimension in turn; what is left over is taken whole. Positions and both ends of a range count from the
** context's base, negative ones from the end; a range is cut to the size. Without tensors the result is a view of x, else a copy (index tensors
** broadcast together; a mask names as many dimensions as it has; a 0-dim tensor of integers is a position). tide_set_at writes value (a number or
** what broadcasts) there, recorded by autograd; returns 1 or 0.
*/
enum { TIDE_AT_ALL, TIDE_AT_POSITION /* first */, TIDE_AT_RANGE /* first, last, step */, TIDE_AT_REST /* "..." */, TIDE_AT_NEW /* a dimension of size 1 */, TIDE_AT_TENSOR /* t */ };
typedef struct tide_At { int kind; int64_t first, last, step; tide_Tensor *t; } tide_At;
TIDE_API tide_Tensor *tide_at(tide_Tensor *x, int n, const tide_At *at);
TIDE_API int tide_set_at(tide_Tensor *x, int n, const tide_At *at, tide_Tensor *value);

/* }====================================================================== */


/*
** {======================================================================
** Autograd
** =======================================================================
*/

TIDE_API int tide_requires_grad(const tide_Tensor *t);
/* Errors: not a leaf and turning it off; not of a float dtype. */
TIDE_API int tide_set_requires_grad(tide_Tensor *t, int on);
TIDE_API int tide_is_leaf(const tide_Tensor *t);
TIDE_API tide_Tensor *tide_get_grad(const tide_Tensor *t);                 /* lent; NULL if there is none */
/* `g` NULL or TIDE_NONE removes it. Errors: another shape or dtype, or t itself. */
TIDE_API int tide_set_grad(tide_Tensor *t, tide_Tensor *g);
TIDE_API int tide_retain_grad(tide_Tensor *t);
TIDE_API int tide_retains_grad(const tide_Tensor *t);
/* The node that made t (lent), brought up to date for a view; NULL for a leaf. *output_nr may be NULL. */
TIDE_API tide_Node *tide_grad_fn(tide_Tensor *t, int *output_nr);
/* The same, but a leaf that requires grad gives its AccumulateGrad node; NULL with an error if t does not require grad. */
TIDE_API tide_Node *tide_gradient_edge(tide_Tensor *t, int *output_nr);

/* x:detach(): the same memory, without history, sharing the version counter. */
TIDE_API tide_Tensor *tide_detach(tide_Tensor *t);
TIDE_API tide_Tensor *tide_detach_(tide_Tensor *t);                        /* error on a view */
/* x.data: as detach, with a version counter of its own; and its assignment, which exchanges memory, shape and dtype. Error: the dtype of a tensor with history,
** or one that is no float for a leaf that requires grad. */
TIDE_API tide_Tensor *tide_get_data(tide_Tensor *t);
TIDE_API int tide_set_data(tide_Tensor *t, tide_Tensor *data);
/* Counts a write that was made through tide_data. */
TIDE_API void tide_bump_version(tide_Tensor *t);

enum { TIDE_RETAIN_GRAPH = 1, TIDE_CREATE_GRAPH = 2, TIDE_ALLOW_UNUSED = 4, TIDE_MATERIALIZE_GRADS = 8 };

/* Adds d(sum of outputs)/d(leaf) to the grad of every leaf. grads[i] may be NULL or TIDE_NONE for a one-element
** output (then 1); grads itself may be NULL. CREATE_GRAPH records the backward pass (mostly together with
** RETAIN_GRAPH, without which the visited nodes are freed). */
TIDE_API int tide_backward(int n, tide_Tensor *const *outputs, tide_Tensor *const *grads, int flags);
/* The same, into these tensors (leaves or not) only. */
TIDE_API int tide_backward_to(int n, tide_Tensor *const *outputs, tide_Tensor *const *grads, int nin, tide_Tensor *const *inputs, int flags);
/* results[i] = d(sum of outputs)/d(inputs[i]), owned by the scope; TIDE_NONE where unused and allowed. No .grad changes. */
TIDE_API int tide_grad(int n, tide_Tensor *const *outputs, tide_Tensor *const *grads, int nin, tide_Tensor *const *inputs, tide_Tensor **results, int flags);

/* Nodes. A node is counted; what is lent lives as long as the tensor that it was asked of. */
TIDE_API tide_Node *tide_node_keep(tide_Node *n);
TIDE_API void tide_node_release(tide_Node *n);
TIDE_API const char *tide_node_name(const tide_Node *n);                   /* "AddBackward0" */
TIDE_API int tide_node_inputs(const tide_Node *n);                         /* how many edges lead on */
TIDE_API tide_Node *tide_node_next(const tide_Node *n, int i, int *output_nr);  /* NULL where no gradient goes */
TIDE_API int tide_node_outputs(const tide_Node *n);
TIDE_API tide_Tensor *tide_node_variable(const tide_Node *n);              /* the leaf of an AccumulateGrad node, if it lives */
TIDE_API uint64_t tide_node_sequence(const tide_Node *n);
TIDE_API tide_Context *tide_node_context(const tide_Node *n);
TIDE_API int tide_node_handles(const tide_Node *n);                        /* how many counts there are */
/* The number of the backward pass under way, the innermost one; 0: none. Will it run this node, or has it? */
TIDE_API uint64_t tide_pass(const tide_Context *c);
TIDE_API int tide_node_takes_part(const tide_Node *n);

/*
** Hooks. A hook returns 1, or 0 for failure (it has then called tide_fail). `g` holds `n` gradients (TIDE_NONE where
** there is none); a hook may put others of the same shape in their place, owned by the scope.
**   TENSOR       one gradient, of output `output` of the node, before anything else sees it
**   PRE          all the node's output gradients, before it runs
**   POST         `g` the gradients of its inputs, `also` those of its outputs (to look at)
**   ACCUMULATED  on an AccumulateGrad node, after .grad was updated; g[0] is the leaf
** `release(arg)` is called when the hook goes: it is removed, or its node dies. tide_hook returns an id (>0) or 0.
*/
enum { TIDE_HOOK_TENSOR, TIDE_HOOK_PRE, TIDE_HOOK_POST, TIDE_HOOK_ACCUMULATED };
typedef int (*tide_HookFunction)(void *arg, tide_Node *node, int n, tide_Tensor **g, int nalso, tide_Tensor *const *also);
TIDE_API int tide_hook(tide_Node *node, int kind, int output, tide_HookFunction f, void *arg, void (*release)(void *arg));
TIDE_API void tide_unhook(tide_Node *node, int id);

/*
** A function of the host's with a derivative of its own. `outputs` (made under no grad, or inputs changed in place and
** named in `dirty`, a set of bits) get a node whose edges lead to `inputs`; `vjp` gets the gradients of the outputs (TIDE_NONE where there
** is none and `materialize` is off, else zeros) and fills those of the inputs. outputs[i] is replaced where the rules ask for
** another tensor object (an input returned as it is becomes a view of it). Both lists may have TIDE_NONE in them. The results belong to the scope.
** `saved` are inputs, outputs or others that vjp will ask for with tide_node_saved: with the version check and without reference cycles.
** Where nothing is recorded (no input requires grad, or grad mode is off) there is no node.
** Errors: a changed input that is no output, is a leaf that requires grad or a view that may not be written; an inference tensor to save.
*/
typedef struct tide_Function {
  size_t size;
  const char *name;                                    /* of the node; copied */
  int (*vjp)(void *arg, tide_Node *node, int nout, tide_Tensor *const *g, int nin, tide_Tensor **gi);
  void (*release)(void *arg);                          /* when the node dies, or at once if there is none, or on failure; may be NULL */
  int materialize;
  int nsaved;
  tide_Tensor *const *saved;
} tide_Function;
TIDE_API int tide_function(tide_Context *c, const tide_Function *f, void *arg, int nin, tide_Tensor *const *inputs, int nout, tide_Tensor **outputs,
                           uint64_t dirty, uint64_t nondifferentiable);
/* Saved value i, unpacked in the scope of the caller. Errors: freed, or changed in place since. */
TIDE_API int tide_node_saved_count(const tide_Node *n);
TIDE_API tide_Tensor *tide_node_saved(tide_Node *n, int i);
TIDE_API void *tide_node_arg(const tide_Node *n);      /* of a tide_function node, else NULL */

/*
** Saved-tensor hooks: while set, every tensor that is saved for backward goes through pack (a leaf itself, to be held by tide_retain; others without
** their history), whose result (not NULL) is kept in its place until release; unpack returns the tensor again (in the scope), or NULL after tide_fail. Pass NULL to unset.
** Returns the old ones.
*/
typedef struct tide_PackHooks {
  void *arg;
  void *(*pack)(void *arg, tide_Tensor *t);
  tide_Tensor *(*unpack)(void *packed);
  void (*release)(void *packed);
} tide_PackHooks;
TIDE_API const tide_PackHooks *tide_set_pack_hooks(tide_Context *c, const tide_PackHooks *hooks);
TIDE_API const tide_PackHooks *tide_pack_hooks(const tide_Context *c);

/* Anomaly mode: 0 off, 1 on, 2 on without the check for NaN. `trace` (may be NULL) returns where the forward call was made,
** in memory that stays until its next call. Returns the old mode. */
TIDE_API int tide_set_anomaly(tide_Context *c, int mode);
TIDE_API int tide_anomaly(const tide_Context *c);
TIDE_API void tide_set_trace(tide_Context *c, const char *(*trace)(void *arg), void *arg);

/* Warnings ("" is never passed); NULL: none. */
TIDE_API void tide_set_warn(tide_Context *c, void (*warn)(void *arg, const char *message), void *arg);
/* Told when a node dies that was marked so; a binding keeps what it knows of nodes true with it. */
TIDE_API void tide_set_node_died(tide_Context *c, void (*died)(void *arg, tide_Node *n), void *arg);
TIDE_API void tide_node_watch(tide_Node *n);

/* }====================================================================== */


/*
** {======================================================================
** Operators by descriptor: what a binding needs
** =======================================================================
*/

/* Kinds of arguments. C types in parentheses. */
typedef enum tide_Kind {
  TIDE_A_CTX,      /* (tide_Context *)   the context */
  TIDE_A_T,        /* (tide_Tensor *)    a tensor */
  TIDE_A_OT,       /* (tide_Tensor *)    a tensor or TIDE_NONE */
  TIDE_A_TN,       /* (tide_Tensor *)    a tensor or a number */
  TIDE_A_OTN,      /* (tide_Tensor *)    a tensor, a number or TIDE_NONE */
  TIDE_A_NT,       /* (tide_Tensor *)    a number, as an operand */
  TIDE_A_ONT,      /* (tide_Tensor *)    the same or TIDE_NONE */
  TIDE_A_TL,       /* (tide_Tensor *const *, int)  a list of tensors */
  TIDE_A_OTL,      /* (tide_Tensor *const *, int)  the same with TIDE_NONE in it */
  TIDE_A_N,        /* (double)           a number */
  TIDE_A_INT,      /* (int64_t)          a whole number; TIDE_ABSENT where the default says so */
  TIDE_A_BOOL,     /* (int)              */
  TIDE_A_STR,      /* (const char *)     */
  TIDE_A_DIM,      /* (int64_t)          a dimension from 0, or negative from the end */
  TIDE_A_DIMS,     /* (const int64_t *, int)  dimensions; (NULL, -1) for all */
  TIDE_A_SIZE,     /* (const int64_t *, int)  sizes, one may be -1 where the operator infers it */
  TIDE_A_INTS,     /* (const int64_t *, int)  whole numbers; (NULL, -1) if absent */
  TIDE_A_POS,      /* (int64_t)          a position from 0, or negative from the end */
  TIDE_A_DTYPE,    /* (int)              or -1 */
  TIDE_A_PT        /* (tide_Tensor *)    a tensor of positions */
} tide_Kind;

typedef struct tide_Param {
  uint8_t kind;             /* tide_Kind */
  const char *name;         /* PyTorch's keyword */
  const char *preset;       /* the default as C text, "" where the argument must be given */
} tide_Param;

/* One argument. Lists are lent for the call. */
typedef struct tide_Value {
  union { tide_Tensor *t; tide_Tensor *const *list; const int64_t *ints; int64_t i; double d; const char *s; tide_Context *c; };
  int n;                    /* of the lists */
} tide_Value;

enum { TIDE_FUNCTION_ONLY = 1, TIDE_METHOD_ONLY = 2, TIDE_FACTORY = 4 /* takes requires_grad too */, TIDE_INTERNAL = 8 /* not public */, TIDE_INPLACE_ONLY = 16, TIDE_RANDOM = 32 /* draws random numbers */ };

typedef struct tide_Signature {
  const char *id;           /* the C function is tide_<id> */
  const char *name;         /* the public name, dotted below `tide`: "add", "linalg.norm" */
  const char *help;
  int nparams;
  const tide_Param *params;
  int outputs;              /* -1: a list of any length */
  int flags;                /* the above */
  uint8_t dtypes;           /* bit set of dtypes, for pointwise rows; else 0 */
} tide_Signature;

/* The operators, in the order of the tables; NULL past the last one. */
TIDE_API const tide_Op *tide_operator(int i);
TIDE_API const tide_Signature *tide_signature(const tide_Op *op);
/* Second public names: the i-th, which stands for *of; NULL past the last one. */
TIDE_API const char *tide_operator_alias(int i, const char **of);
/* The operator whose id is this, or NULL. */
TIDE_API const tide_Op *tide_find_operator(const char *id);

/*
** Calls an operator with one value per parameter. Results (in the scope) go to out[0..], *nout of them; for a list of any
** length *list is set instead, and lives as long as the scope. Returns 1, or 0 with the error in the context.
*/
TIDE_API int tide_call(const tide_Op *op, tide_Context *c, const tide_Value *args, tide_Tensor **out, int *nout, tide_Tensor ***list);
/* Has the operator an in-place form? */
TIDE_API int tide_op_inplace(const tide_Op *op);
/* The in-place form of an operator that has one: writes into the first tensor, out[0]. */
TIDE_API int tide_call_inplace(const tide_Op *op, tide_Context *c, const tide_Value *args, tide_Tensor **out);

/*
** An operator of the host's. `forward` computes the outputs from the inputs with public operators or through tide_data (grad mode
** is off, and it must not write to the inputs); `vjp`, written with public operators, makes it differentiable to any order: it gets inputs,
** outputs and the gradients of the outputs (zeros where none arrived), and fills those of the inputs, which stand at TIDE_NONE, for "none".
** Both return 1, or 0 after tide_fail; what they leave NULL is a failure too, so they need no checks. vjp may be NULL: no derivative.
** The struct is copied. release(arg), if not NULL, is called when the context goes (also when this call fails). Error: the name is taken.
*/
#define TIDE_DEFINED_MAX  8       /* most inputs, and most outputs */
#define TIDE_DEFINED_NAME 63      /* longest name */
typedef struct tide_Definition {
  size_t size;
  const char *name;
  int nin, nout;
  int (*forward)(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor **out);
  int (*vjp)(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor *const *out, tide_Tensor *const *g, tide_Tensor **gi);
  void *arg;
  void (*release)(void *arg);
} tide_Definition;
TIDE_API int tide_define(tide_Context *c, const tide_Definition *d);
/* What was defined under this name, or NULL. */
TIDE_API const tide_Definition *tide_definition(const tide_Context *c, const char *name);
/* Calls it with nin tensors: the first output; further ones go to more[0..] (NULL: not wanted). */
TIDE_API tide_Tensor *tide_call_defined(tide_Context *c, const char *name, int nin, tide_Tensor *const *in, tide_Tensor **more);

/* }====================================================================== */

/*
** {======================================================================
** Optimisers: a step of gradient descent, in place and unrecorded
**
** A rule has numbers (learning rate ...) and, for each parameter, states which live from step to step. Everything rounds as PyTorch's
** own step of one tensor after the other does.
**
**   double h[TIDE_OPTIM_NUMBERS] = {[TIDE_OPTIM_LR] = 0.1, [TIDE_OPTIM_MOMENTUM] = 0.9};
**   tide_Update u = {.param = w, .state = {tide_keep(tide_optim_begin(TIDE_OPTIM_SGD, 0, h, w))}, .fresh = 1};
**   tide_optim_step(c, TIDE_OPTIM_SGD, h, 1, &u);            // and again with fresh = 0
** =======================================================================
*/
enum { TIDE_OPTIM_SGD, TIDE_OPTIM_ADAM, TIDE_OPTIM_RMSPROP, TIDE_OPTIM_ADAGRAD, TIDE_OPTIM_ADAMAX, TIDE_OPTIM_NADAM, TIDE_OPTIM_RADAM, TIDE_OPTIM_RULES };

/* Numbers; flags are 0 or 1. INITIAL: what Adagrad's sum begins with. */
enum {
  TIDE_OPTIM_LR, TIDE_OPTIM_WEIGHT_DECAY, TIDE_OPTIM_MAXIMIZE, TIDE_OPTIM_MOMENTUM, TIDE_OPTIM_DAMPENING, TIDE_OPTIM_NESTEROV, TIDE_OPTIM_BETA1, TIDE_OPTIM_BETA2,
  TIDE_OPTIM_EPS, TIDE_OPTIM_AMSGRAD, TIDE_OPTIM_DECOUPLED, TIDE_OPTIM_ALPHA, TIDE_OPTIM_CENTERED, TIDE_OPTIM_LR_DECAY, TIDE_OPTIM_INITIAL, TIDE_OPTIM_MOMENTUM_DECAY,
  TIDE_OPTIM_NUMBERS
};
#define TIDE_OPTIM_STATES 4               /* most states of a parameter */

/* PyTorch's name of number i if the rule reads it, else NULL; *item: which entry of that list (from 1), or 0. */
TIDE_API const char *tide_optim_number(int rule, int i, int *item);
/* PyTorch's name of state i, or NULL; has a step with these numbers that state? */
TIDE_API const char *tide_optim_state(int rule, int i);
TIDE_API int tide_optim_has(int rule, int i, const double *numbers);
/* State i of a parameter before its first step. */
TIDE_API tide_Tensor *tide_optim_begin(int rule, int i, const double *numbers, tide_Tensor *param);

typedef struct tide_Update {
  tide_Tensor *param, *state[TIDE_OPTIM_STATES];
  int fresh;                              /* SGD: the momentum buffer begins now, as the gradient */
} tide_Update;
/* One step of n parameters, which have grads. All of them or, where something does not fit, none. Numbers are not checked. */
TIDE_API int tide_optim_step(tide_Context *c, int rule, const double *numbers, int n, const tide_Update *u);
/* }====================================================================== */

/*
** {======================================================================
** Random numbers: PyTorch's CPU generator (MT19937), bit for bit.
** =======================================================================
*/
TIDE_API void tide_manual_seed(tide_Context *c, uint64_t seed);
TIDE_API uint64_t tide_initial_seed(const tide_Context *c);
/* The generator's state as bytes: how many there are, written if there is room for all. Setting them: error if they are not such a state. */
TIDE_API size_t tide_get_rng_state(const tide_Context *c, void *state, size_t room);
TIDE_API int tide_set_rng_state(tide_Context *c, const void *state, size_t size);
/* More generators, each a stream of its own, in memory of the caller's: so many bytes, aligned to 8, made a generator that is seeded as PyTorch's new ones are. tide_use_generator: this
** one (NULL: the context's own) is what draws, and what the functions above mean, from now on; returns the one before. It must not go while it is in use. */
typedef struct tide_Generator tide_Generator;
TIDE_API size_t tide_generator_size(void);
TIDE_API tide_Generator *tide_generator_init(void *memory);
TIDE_API tide_Generator *tide_use_generator(tide_Context *c, tide_Generator *g);
/* }====================================================================== */

/*
** {======================================================================
** Files: safetensors, NumPy's npy and npz; PyTorch's zip checkpoints can be read. docs/files.md says what of each.
**
**   tide_Contents *r = tide_load(c, "model.safetensors", TIDE_FORMAT_ANY, 1);
**   const tide_Item *w = tide_item_get(tide_contents_root(r), "weight");          // w->kind == TIDE_ITEM_TENSOR, w->t
**   tide_contents_free(r);
**
** Nothing in a file is trusted, and nothing in it is executed: a damaged or hostile one is an error, and takes no more memory than a fixed multiple of its length.
** =======================================================================
*/
enum { TIDE_FORMAT_ANY /* by the name, else by the bytes */, TIDE_SAFETENSORS, TIDE_NPY, TIDE_NPZ, TIDE_CHECKPOINT };
enum { TIDE_ITEM_NONE, TIDE_ITEM_BOOLEAN, TIDE_ITEM_INTEGER, TIDE_ITEM_NUMBER, TIDE_ITEM_STRING, TIDE_ITEM_TENSOR, TIDE_ITEM_LIST, TIDE_ITEM_DICT };

/* What a file holds, a tree without cycles, though an item may stand in several places. It lives as long as its contents. */
typedef struct tide_Item {
  int kind;
  int levels;                      /* (the reader's) */
  size_t n;                        /* bytes of a string, entries of a list or a dictionary */
  union {
    int64_t i;                     /* BOOLEAN, INTEGER */
    double d;
    const char *s;                 /* n bytes and a 0 */
    tide_Tensor *t;                /* lent: tide_retain what is to stay */
    struct tide_Item **list;       /* n items; in a DICT 2 n, keys and values in turn: of equal keys the last counts */
  };
} tide_Item;
/* The value under a key that is a string; NULL if there is none, or `dict` is no dictionary. */
TIDE_API const tide_Item *tide_item_get(const tide_Item *dict, const char *key);

/* What was read, or NULL with an error. A safetensors file gives a dictionary of tensors in the order of its header, an npz file in the order of
** its directory, an npy file a tensor, a checkpoint whatever was saved. With `mapped` the tensors are the file's own pages, read when they are first used
** and private: writing to a tensor does not change the file. (Who cuts a mapped file short takes the memory away under the tensors; replacing it, as tide_save does, is harmless.)
** tide_read copies what it needs. */
typedef struct tide_Contents tide_Contents;
TIDE_API tide_Contents *tide_load(tide_Context *c, const char *path, int format, int mapped);
TIDE_API tide_Contents *tide_read(tide_Context *c, const void *bytes, size_t n, int format);
/* The same for JSON text. */
TIDE_API tide_Contents *tide_read_json(tide_Context *c, const char *text, size_t n);
TIDE_API const tide_Item *tide_contents_root(const tide_Contents *r);
TIDE_API const tide_Item *tide_contents_metadata(const tide_Contents *r);       /* of a safetensors file: a dictionary of strings; NULL: none */
TIDE_API void tide_contents_free(tide_Contents *r);                             /* NULL is ignored */

/* Writes n tensors under different names in UTF-8. `metadata`, for safetensors: key, value, ..., NULL; or NULL. An npy file takes one tensor, and no name. tide_save
** replaces a file in one step, which no failure leaves half done; tide_write hands the bytes on, piece by piece, until `write` returns 0 (after tide_fail). */
TIDE_API int tide_save(tide_Context *c, const char *path, int format, size_t n, const char *const *names, tide_Tensor *const *tensors, const char *const *metadata);
TIDE_API int tide_write(tide_Context *c, int format, size_t n, const char *const *names, tide_Tensor *const *tensors, const char *const *metadata,
                        int (*write)(void *arg, const void *bytes, size_t n), void *arg);
/* }====================================================================== */

#ifdef __cplusplus
}
#endif

#include "tide_ops.h"

#endif
