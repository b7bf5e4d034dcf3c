/*
** The context: everything that in other libraries is global. Errors, the stack of scopes, memory, modes, random
** generator. Nothing here knows what a tensor is, beyond counting them and releasing one through a function pointer.
*/
#ifndef TIDE_BASE_CONTEXT_H
#define TIDE_BASE_CONTEXT_H

#include <signal.h>
#include <string.h>

#include "tide.h"
#include "base/generator.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define TIDE_SMALL_CLASSES 11           /* 64 << 0 .. 64 << 10: buffers up to 64 KB */
#define TIDE_BIG_CLASSES   128          /* four to a doubling above that */
#define TIDE_NODE_CLASSES  17           /* nodes in steps of 32 bytes, up to 512 */

typedef struct tide__Slab { struct tide__Slab *next; size_t size; } tide__Slab;
typedef struct tide__Defined tide__Defined;

/* Modes that a script can set; what is resolved for the running coroutine before each entry. */
typedef struct tide__Modes {
  uint8_t grad, inference, anomaly, default_dtype;
  const tide_PackHooks *pack;
} tide__Modes;

struct tide_Context {
  /* scopes: a stack of pointers to tensors, each owning one count */
  tide_Tensor **own;
  size_t nown, cown;

  tide__Modes mode;
  sig_atomic_t interrupt;               /* set from anywhere: see tide__interrupted */

  /* free lists: linked through the first word */
  void *free_cell;
  void *free_node[TIDE_NODE_CLASSES];
  void *free_small[TIDE_SMALL_CLASSES];
  void *free_big[TIDE_BIG_CLASSES];
  int victim;                             /* the class that makes room next, when they hold too much */
  tide__Slab *slabs;
  int pooled;                           /* 0: every request goes to the host's allocator */

  tide_Stats stats;
  int64_t limit;                        /* of live bytes; 0: none */
  int collecting;
  void (*collect)(void *);
  void *collect_arg;
  tide_Alloc alloc;
  void *alloc_ud;

  int code;                             /* the first error */
  const char *name;                     /* of the public function that is running, for messages; NULL: the operator's own */
  char message[1024];

  uint64_t sequence;                    /* of the next node */
  int base;                             /* of positions in index tensors */
  int no_files;                         /* no access to files */
  tide_Node *dying;                     /* nodes whose count is 0, to be freed in a loop */
  int draining;
  struct tide__Run *run;                /* the innermost backward pass under way */
  uint64_t last_run;

  void (*warn)(void *, const char *);
  void *warn_arg;
  const char *(*trace)(void *);
  void *trace_arg;
  void (*node_died)(void *, tide_Node *);
  void *node_died_arg;

  tide__Defined *defined;               /* operators of the host's */
  tide__Generator own_generator, *generator;   /* the one that draws: a host's, or its own */
  char node_name[96];                   /* the last name that tide_node_name made */
  void *userdata;
  int closed;                           /* tide_shutdown was called */
  void (*release_tensor)(tide_Tensor *);  /* set by the tensor layer */
};

/* Was tide_interrupt called? */
static inline int tide__interrupted(const tide_Context *c) { return unlikely(__atomic_load_n(&c->interrupt, __ATOMIC_RELAXED)); }
/* Takes the interrupt: it is an error from now on. Returns 0. */
int tide__take_interrupt(tide_Context *c);

/* Keeps the first error. Returns NULL. The name of the public function is put in front. */
void *tide__fail(tide_Context *c, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* `size` bytes, aligned to 64; NULL with TIDE_NOMEM. Freed with the same size. Buffers of any size are cached. */
void *tide__alloc(tide_Context *c, size_t size);
void tide__free(tide_Context *c, void *p, size_t size);
/* A growing array of pointers or structs: makes room for `want` elements; 1, or 0 with TIDE_NOMEM and nothing changed. */
int tide__reserve(tide_Context *c, void **array, size_t *capacity, size_t want, size_t element);

/* Fixed-size objects that live in slabs. */
void *tide__object_new(tide_Context *c, void **list, size_t size);
static inline void tide__object_free(tide_Context *c, void **list, void *p, size_t size) {
  void tide__object_drop(tide_Context *, void *, size_t);
  c->stats.live_bytes -= (int64_t)size;
  c->stats.small_bytes -= (int64_t)size;
  if (likely(c->pooled)) { *(void **)p = *list; *list = p; }
  else tide__object_drop(c, p, size);
}

void tide__free_definitions(tide_Context *c);
/* Frees the context once it is closed and nothing lives in it. */
void tide__context_unref(tide_Context *c);

int tide__own_grow(tide_Context *c);
/* Puts t, whose one count the caller has, on the scope. On failure it is released: NULL. */
static inline tide_Tensor *tide__own(tide_Context *c, tide_Tensor *t) {
  if (unlikely(c->nown == c->cown) && !tide__own_grow(c)) { c->release_tensor(t); return NULL; }
  c->own[c->nown++] = t;
  return t;
}

static inline void tide__note_peak(tide_Context *c) {
  if (c->stats.live_bytes > c->stats.peak_bytes) c->stats.peak_bytes = c->stats.live_bytes;
}

#endif
