/*
** What the files of the Lua binding share. The binding sees tide through tide.h alone.
**
** A tensor in Lua is a box: a userdata with the pointer and a key that proves it (its own address, scrambled), so a look at
** its size and key tells a box from any other userdata. Each entry has four beats: check the arguments (Lua may throw); push an empty box; call
** tide, inside a scope, and close it; put the result into the box or raise the message. lua_error happens only while
** C owns nothing.
*/
#ifndef TIDE_LUA_BINDING_H
#define TIDE_LUA_BINDING_H

#include <string.h>

#include "lua/compat.h"
#include "lua/print.h"
#include "tide.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

typedef struct Guard Guard;
typedef struct Box Box;
typedef struct NodeBox NodeBox;

struct Box {
  uintptr_t key;
  tide_Tensor *t;             /* NULL: empty, or released */
  Box *prev, *next;           /* all boxes of the state in a ring, newest first behind State.boxes */
  uint32_t out;               /* the number of the scope whose result it is */
  uint8_t parameter;          /* prints as a Parameter */
  uint8_t keep;               /* tide.scope leaves it alone */
  uint8_t extras;             /* has an entry in State.extras */
};
struct NodeBox {
  uintptr_t key;
  tide_Node *n;
  NodeBox *prev, *next;       /* as a Box's, behind State.node_boxes */
  uint8_t weak;               /* it is anchored while the node lives and holds no count of it */
};

/* One per family of Lua states: coroutines share it. A userdata in the registry; closures hold its address. */
typedef struct State {
  tide_Context *c;
  Guard *guards;              /* open mode scopes, newest first */
  struct Modes {              /* of a coroutine that no scope covers */
    uint8_t grad, inference, anomaly;
    const tide_PackHooks *pack;
    lua_Integer hooks;        /* pack is pack_hooks: which pair of functions */
  } modes;
  int64_t trigger_small, trigger_big, room_big, heap, finalized;    /* pacing (module.c) */
  Box boxes;                  /* the ring's head, which is no box itself */
  NodeBox node_boxes;
  int64_t nboxes;             /* alive */
  uint32_t last_scope;        /* the number of the newest tide.scope */
  lua_State *L;               /* of the entry that is running: callbacks from C use it */
  lua_State *main;            /* for what has to be done whenever C lets go of something */
  struct Held *held;          /* what C holds of Lua's */
  tide_PackHooks pack_hooks;  /* call the pair in force, whose number is: */
  lua_Integer hooks, last_hooks;
  char trace[256];            /* the last answer of the context's trace function */
  int parked;                 /* an error object waits in the registry to be raised again */
  int closed;
  /* registry references */
  int module;
  int tensor_mt, node_mt, dtype_mt, size_mt, guard_mt, handle_mt, bundle_mt, generator_mt;
  int methods;                /* name -> method, or a light userdata for a field */
  int identity;               /* weak values: pointer -> box of a leaf, a grad, a node */
  int extras;                 /* weak keys: box -> what belongs to it (hooks, metadata) */
  int anchors;                /* strong: node pointer -> box, while the node lives and has metadata; Held -> its value */
  int pairs;                  /* weak values: number -> {pack, unpack} */
  int dtypes;                 /* dtype number -> object */
  int own_sources;            /* set of source names that are tide's own */
  tide__PrintOptions print;
} State;

#define GUARD_KEY   ((uintptr_t)0x165667b19e3779f9ULL)
#define RESTORE_KEY ((uintptr_t)0x27d4eb2f165667c5ULL)
#define BOX_KEY  ((uintptr_t)0x9e3779b97f4a7c15ULL)
#define GENERATOR_KEY ((uintptr_t)0xd6e8feb86659fd93ULL)
#define NODE_KEY ((uintptr_t)0xc2b2ae3d27d4eb4fULL)

/*
** What C holds of Lua's: hooks, the contexts of custom functions, packed values. Each begins with this and has its Lua value in the table of anchors
** until C lets go. The state may close first: then S is NULL.
*/
typedef struct Held {
  struct Held *prev, *next;
  State *S;
  uint8_t owned;              /* C has it and will give it back */
} Held;

/* The state of a closure made by tide__register: its first upvalue. Raises where it is closed: a finalizer runs after tide's own. */
static inline State *tide__state(lua_State *L) {
  State *S = lua_touserdata(L, lua_upvalueindex(1));
  if (unlikely(S->closed)) luaL_error(L, "tide is closed");
  return S;
}
#define STATE(L) tide__state(L)

/* The userdata at i if it begins with this key: other than a look at metatables, proof against scripts that call a metamethod by hand. */
static inline void *tide__test_key(lua_State *L, int i, size_t size, uintptr_t key) {
  uintptr_t *p = lua_touserdata(L, i);
  return p && lua_rawlen(L, i) == size && *p == ((uintptr_t)p ^ key) ? p : NULL;
}
static inline Box *tide__test_box(lua_State *L, int i) {
  Box *b = lua_touserdata(L, i);
  return likely(b && lua_rawlen(L, i) == sizeof(Box) && b->key == ((uintptr_t)b ^ BOX_KEY)) ? b : NULL;
}
/* The tensor at i, or NULL if there is none (or a released one). */
static inline tide_Tensor *tide__test(lua_State *L, int i) {
  Box *b = tide__test_box(L, i);
  return b ? b->t : NULL;
}
/* The same, raising "FUNCTION: argument N ('NAME'): a tensor is expected, got TYPE". */
tide_Tensor *tide__check(lua_State *L, State *S, int i, const char *function, const char *name);

/* An empty box on the stack. */
Box *tide__push_box(lua_State *L, State *S);
/* Beat 1 is over: paces the collector. */
void tide__pace(lua_State *L, State *S);
/* Beat 3 begins: the running coroutine's modes go into the context. Call after the last push that may run finalizers. */
void tide__resolve_modes(lua_State *L, State *S);
static inline void tide__enter(lua_State *L, State *S) {
  S->L = L;
  if (unlikely(S->guards != NULL)) tide__resolve_modes(L, S);
}
/* Beat 4: t (of the scope; may be NULL) moves into the box at the top and the scope is closed; raises if t is NULL. Returns 1. */
int tide__finish(lua_State *L, State *S, Box *b, tide_Tensor *t, tide_Scope scope);
/* Raises the context's error (or the object that a callback threw, unchanged). */
int tide__raise(lua_State *L, State *S);
/* Raises "FILE:LINE: message", FILE:LINE being the user's. */
int tide__error(lua_State *L, State *S, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What the value at i is, for "..., got %s": a tensor is one, and tide's other userdata have names. */
const char *tide__typename(lua_State *L, int i);
void tide__where(lua_State *L, State *S);              /* pushes "FILE:LINE: " or "" */
void tide__warn(lua_State *L, State *S, const char *message);

/* Pushes t's one Lua object (leaf, grad): the box that exists, or a new one that takes a count of its own. */
void tide__push_identity(lua_State *L, State *S, tide_Tensor *t);
/* Makes the box at i the Lua object of its tensor. */
void tide__register_identity(lua_State *L, State *S, int i);
void tide__push_node(lua_State *L, State *S, tide_Node *n);        /* nil for NULL */
tide_Node *tide__test_node(lua_State *L, int i);
/* Pushes the table of what belongs to the box at i (hooks, metadata), making it if wanted; nil if there is none. */
void tide__push_extras(lua_State *L, State *S, int i, int make);

int tide__test_dtype(lua_State *L, State *S, int i);                /* -1: no dtype */
void tide__push_dtype(lua_State *L, State *S, int dtype);
void tide__push_size(lua_State *L, State *S, int n, const int64_t *sizes);
/* A list of sizes at i (sequence table or Size) into out (room for max); its length, or -1 if it is no such list. */
int tide__to_sizes(lua_State *L, State *S, int i, int64_t *out, int max);

/* The generator at i (NULL: the context's own), if one is found there. A seed at i, or an error. */
tide_Generator *tide__test_generator(lua_State *L, int i, int *found);
int tide__to_seed(lua_State *L, State *S, int i, const char *function, uint64_t *seed);

/* Operands: a tensor or a Lua number; numbers become tensors inside the scope. */
typedef struct Operand { tide_Tensor *t; double d; int64_t i; uint8_t kind; } Operand;   /* kind: LUA_TUSERDATA, 'f', 'i', 'b' */
int tide__to_operand(lua_State *L, int i, Operand *o);
tide_Tensor *tide__operand(State *S, const Operand *o);

/* Each function becomes a closure with the state as its upvalue. */
void tide__register(lua_State *L, State *S, int table, const luaL_Reg *functions);

/* Pushes a list of n boxes that take over the counts in t (freed with free if on_heap), also when Lua throws. */
int tide__push_list(lua_State *L, State *S, int n, tide_Tensor **t, int on_heap);
/* The node box at i has metadata: it stays while the node lives. */
void tide__anchor_node(lua_State *L, State *S, int i);
/* An error object at the top was thrown by a callback: it waits until the entry is left (and is popped). Cannot throw. */
void tide__park(lua_State *L, State *S);

/* callback.c: a Held of `size` bytes, all zero behind its head, whose value is at the top (popped). Owned once C has it. */
void *tide__hold(lua_State *L, State *S, size_t size);
void tide__let_go(Held *h);                                         /* frees it and its value; cannot throw */
void tide__push_held(lua_State *L, Held *h);                        /* its value */
void tide__leave_held(State *S);                                    /* the state closes */
/* Calls f, whose one argument is the light userdata `job`, protected, on the state of the running entry and under the modes that the context has. 1; 0 if it
** threw: its error waits, and the context has one. */
int tide__callback(State *S, lua_CFunction f, void *job);
/* A gradient as an argument: a new box, or nil for TIDE_NONE. */
void tide__push_gradient(lua_State *L, State *S, tide_Tensor *t);
/* A result of a callback at i, put under the innermost scope; TIDE_NONE for nil and false. Raises where it is something else: "WHAT: a tensor or nil ..." */
tide_Tensor *tide__take_gradient(lua_State *L, State *S, int i, const char *what);
/* Can the value at i be called? */
int tide__is_callable(lua_State *L, int i);

void tide__open_call(lua_State *L, State *S, int module);          /* operators, into module and the tensors' methods */
void tide__open_tensor(lua_State *L, State *S, int module);
void tide__open_autograd(lua_State *L, State *S, int module);
void tide__open_modes(lua_State *L, State *S, int module);
void tide__open_index(lua_State *L, State *S, int module);
void tide__open_hooks(lua_State *L, State *S, int module);
void tide__open_function(lua_State *L, State *S, int module);
void tide__open_generator(lua_State *L, State *S, int module);
void tide__open_packed(lua_State *L, State *S, int module);
void tide__open_files(lua_State *L, State *S, int module);
void tide__open_optim(lua_State *L, State *S, int module);

/* index.c. The key is at 2, the value at 3. */
int tide__index_get(lua_State *L, State *S);
int tide__index_set(lua_State *L, State *S);

extern const char tide__registry_key;

#endif
