/*
** The module: the state in the registry, boxes, identity, errors, pacing the collector.
*/
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lua/binding.h"
#include "tide_lua.h"

const char tide__registry_key = 't';

#define BOX_BYTES 64          /* what a box weighs until its finalizer has run */

void tide__register(lua_State *L, State *S, int table, const luaL_Reg *f) {
  table = lua_absindex(L, table);
  for (; f->name; f++) {
    lua_pushlightuserdata(L, S);
    lua_pushcclosure(L, f->func, 1);
    lua_setfield(L, table, f->name);
  }
}


/* {======================== boxes ======================== */

static void link_box(Box *head, Box *b) {
  b->prev = head;
  b->next = head->next;
  head->next->prev = b;
  head->next = b;
}

static void unlink_box(Box *b) {
  b->prev->next = b->next;
  b->next->prev = b->prev;
}

Box *tide__push_box(lua_State *L, State *S) {
  Box *b = compat_newuserdata(L, sizeof *b);
  b->key = (uintptr_t)b ^ BOX_KEY;
  b->t = NULL;
  b->parameter = b->keep = b->extras = 0;
  b->out = 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->tensor_mt);
  lua_setmetatable(L, -2);
  link_box(&S->boxes, b);
  S->nboxes++;
  return b;
}

/* Will anybody else meet t, or run its hooks? Other handles, or a graph that leads to it. */
static int is_met(tide_Tensor *t) {
  if (tide_handles(t) > 1) return 1;
  if (!tide_requires_grad(t) || !tide_is_leaf(t)) return 0;
  tide_Node *n = tide_gradient_edge(t, NULL);
  return n && tide_node_handles(n) > 1;
}

/* A box with extras (hooks of a leaf) is put back as long as C can still come across its tensor. */
static int put_back(lua_State *L, State *S, Box *b) {
  if (S->closed || !is_met(b->t)) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->tensor_mt);
  lua_setmetatable(L, 1);
  tide__register_identity(L, S, 1);
  return 1;
}

static int box_gc(lua_State *L) {
  State *S = lua_touserdata(L, lua_upvalueindex(1));       /* (open or closed) */
  Box *b = tide__test_box(L, 1);
  if (!b || !b->key) return 0;
  if (unlikely(b->extras) && b->t && put_back(L, S, b)) return 0;
  unlink_box(b);
  S->nboxes--;
  S->finalized++;
  tide_Tensor *t = b->t;
  b->t = NULL;
  b->key = 0;
  lua_State *outer = S->L;
  S->L = L;
  tide_release(t);
  S->L = outer;
  return 0;
}

/*
** t:release(), and the end of `local t <close>`. May be called again. A finalizer can run in the middle of anything, a call that
** uses t included: there it is left to the collector.
*/
static int box_release(lua_State *L) {
  State *S = STATE(L);
  Box *b = tide__test_box(L, 1);
  if (!b) return tide__error(L, S, "release: argument 1 ('self'): a tensor is expected, got %s", tide__typename(L, 1));
  if (!b->t || compat_in_finalizer(L)) return 0;
  tide_Tensor *t = b->t;
  b->t = NULL;
  lua_State *outer = S->L;
  S->L = L;
  tide_release(t);
  S->L = outer;
  return 0;
}

int tide__finish(lua_State *L, State *S, Box *b, tide_Tensor *t, tide_Scope scope) {
  if (unlikely(!t)) { tide_close(S->c, scope, NULL); return tide__raise(L, S); }
  b->t = tide_keep(t);
  tide_close(S->c, scope, NULL);
  return 1;
}

void tide__register_identity(lua_State *L, State *S, int i) {
  i = lua_absindex(L, i);
  Box *b = lua_touserdata(L, i);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->identity);
  lua_pushvalue(L, i);
  lua_rawsetp(L, -2, b->t);
  lua_pop(L, 1);
}

/* The box of pointer p, if Lua holds one: 1 and it is pushed, or 0. */
static int push_known(lua_State *L, State *S, const void *p) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->identity);
  if (lua_rawgetp(L, -1, p) == LUA_TUSERDATA) { lua_remove(L, -2); return 1; }
  lua_pop(L, 2);
  return 0;
}

void tide__push_identity(lua_State *L, State *S, tide_Tensor *t) {
  if (push_known(L, S, t)) {
    Box *b = lua_touserdata(L, -1);
    if (b->t == t) return;
    lua_pop(L, 1);                                /* released since, and the memory used again */
  }
  Box *b = tide__push_box(L, S);
  b->t = tide_retain(t);
  tide__register_identity(L, S, -1);
}

tide_Node *tide__test_node(lua_State *L, int i) {
  NodeBox *b = lua_touserdata(L, i);
  return b && lua_rawlen(L, i) == sizeof(NodeBox) && b->key == ((uintptr_t)b ^ NODE_KEY) ? b->n : NULL;
}

void tide__push_node(lua_State *L, State *S, tide_Node *n) {
  if (!n) { lua_pushnil(L); return; }
  if (push_known(L, S, n)) {
    NodeBox *known = lua_touserdata(L, -1);
    if (lua_rawlen(L, -1) == sizeof(NodeBox) && known->n == n) return;
    lua_pop(L, 1);
  }
  NodeBox *b = compat_newuserdata(L, sizeof *b);
  b->key = (uintptr_t)b ^ NODE_KEY;
  b->n = NULL;
  b->weak = 0;
  b->prev = &S->node_boxes;
  b->next = S->node_boxes.next;
  b->next->prev = b;
  S->node_boxes.next = b;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->node_mt);
  lua_setmetatable(L, -2);
  b->n = tide_node_keep(n);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->identity);
  lua_pushvalue(L, -2);
  lua_rawsetp(L, -2, n);
  lua_pop(L, 1);
}

void tide__push_extras(lua_State *L, State *S, int i, int make) {
  i = lua_absindex(L, i);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->extras);
  lua_pushvalue(L, i);
  if (lua_rawget(L, -2) == LUA_TNIL && make) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, i);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
    if (tide__test_box(L, i)) ((Box *)lua_touserdata(L, i))->extras = 1;
  }
  lua_remove(L, -2);
}

/* }========================================================= */


/* {======================== errors and warnings ======================== */

/* Is this function one of tide's own? Its sources register themselves when they are loaded (core.own_source). */
static int is_own(lua_State *L, State *S, const lua_Debug *ar) {
  if (*ar->source != '@' && *ar->source != '=') return 0;       /* a chunk of somebody's: its source is its whole text */
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->own_sources);
  int own = lua_getfield(L, -1, ar->source) != LUA_TNIL;
  lua_pop(L, 2);
  return own;
}

void tide__where(lua_State *L, State *S) {
  lua_Debug ar;
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0 || *ar.what == 'C' || is_own(L, S, &ar)) continue;
    lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
    return;
  }
  lua_pushliteral(L, "");
}

const char *tide__typename(lua_State *L, int i) {
  Box *b = tide__test_box(L, i);
  if (b) return b->t ? "a tensor" : "a tensor that was released";
  const char *name = luaL_typename(L, i);
  if (lua_type(L, i) != LUA_TUSERDATA) return name;
  int type = luaL_getmetafield(L, i, "__name");
  if (type == LUA_TSTRING) name = lua_tostring(L, -1);           /* (which its metatable keeps) */
  if (type != LUA_TNIL) lua_pop(L, 1);
  return name;
}

int tide__error(lua_State *L, State *S, const char *format, ...) {
  char message[1024];
  va_list ap;
  va_start(ap, format);
  vsnprintf(message, sizeof message, format, ap);
  va_end(ap);
  tide__where(L, S);
  lua_pushstring(L, message);
  lua_concat(L, 2);
  return lua_error(L);
}

static const char parked_key = 'p';

int tide__raise(lua_State *L, State *S) {
  if (S->parked) {
    S->parked = 0;
    tide_clear_error(S->c);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &parked_key);
    lua_pushboolean(L, 0);                        /* the key stays, so that parking allocates nothing */
    lua_rawsetp(L, LUA_REGISTRYINDEX, &parked_key);
    return lua_error(L);
  }
  char message[1024];
  const char *e = tide_error(S->c);
  snprintf(message, sizeof message, "%s", *e ? e : "failed");
  tide_clear_error(S->c);
  return tide__error(L, S, "%s", message);
}

/* A callback threw: its error object (at the top, popped) waits until the entry is left. */
void tide__park(lua_State *L, State *S) {
  if (!S->parked) { S->parked = 1; lua_rawsetp(L, LUA_REGISTRYINDEX, &parked_key); }
  else lua_pop(L, 1);
  tide_fail(S->c, TIDE_ECALLBACK, "a callback failed");
}

void tide__warn(lua_State *L, State *S, const char *message) {
  tide__where(L, S);
  lua_pushstring(L, message);
  lua_concat(L, 2);
  compat_warning(L, lua_tostring(L, -1));
  lua_pop(L, 1);
}

tide_Tensor *tide__check(lua_State *L, State *S, int i, const char *function, const char *name) {
  Box *b = tide__test_box(L, i);
  if (likely(b && b->t)) return b->t;
  if (b) tide__error(L, S, "%s: argument %d ('%s') is a tensor that was released", function, i, name);
  else tide__error(L, S, "%s: argument %d ('%s'): a tensor is expected, got %s", function, i, name, tide__typename(L, i));
  return NULL;
}

static int own_source(lua_State *L) {
  State *S = STATE(L);
  lua_Debug ar;
  if (!lua_getstack(L, 1, &ar) || !lua_getinfo(L, "S", &ar)) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->own_sources);
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, ar.source);
  return 0;
}

/* core.error(message): raises with the user's line, for the Lua side of tide */
static int core_error(lua_State *L) { return tide__error(L, STATE(L), "%s", luaL_checkstring(L, 1)); }
static int core_warn(lua_State *L) { tide__warn(L, STATE(L), luaL_checkstring(L, 1)); return 0; }
static int core_where(lua_State *L) { tide__where(L, STATE(L)); return 1; }

/* }========================================================= */


/* {======================== pacing the collector ======================== */

#define SMALL_STEP  ((int64_t)256 << 10)
#define SMALL_HEAP  ((int64_t)1 << 20)
#define BIG_FLOOR   ((int64_t)3 << 20)
#define OWN_HEAP    ((int64_t)64 << 10)       /* about what tide's own tables are */
#define BIG_CEILING ((int64_t)1 << 30)

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t small_bytes(State *S) { return tide_memory_stats(S->c).small_bytes + S->nboxes * BOX_BYTES; }

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/*
** A full collection costs by Lua's heap alone, some 80 microseconds a megabyte, so that is what decides how often there is one: seldom enough to be
** small beside filling the memory in between, and no seldomer, since memory that is used again soon is still in the processor's cache.
*/
static void collect_all(lua_State *L, State *S) {
  int64_t before = S->finalized;
  compat_gc_full(L);
  int64_t heap = compat_gc_bytes(L) - (S->finalized - before) * BOX_BYTES;
  S->room_big = min64(BIG_CEILING, max64(BIG_FLOOR, 16 * (heap - OWN_HEAP)));
  S->trigger_big = tide_memory_stats(S->c).big_bytes + S->room_big;
}

/*
** The collector does not see the memory of tensors. Two accounts pace it, in both of its modes, which are the host's to choose. Big buffers
** (over 64 KB): a full collection when they have grown by a floor or a multiple of Lua's heap, from the least that they have been since the last.
** Small memory (cells, nodes, boxes): a basic step every 256 KB, and where that freed nothing (incremental mode) and
** Lua's live heap is small, a full collection; with a large heap a step at a time, so that there is no pause.
*/
static __attribute__((noinline)) void pace(lua_State *L, State *S, int64_t small, int64_t big) {
  if (!compat_gc_running(L)) return;
  if (big > S->trigger_big) {
    compat_gc_step(L);
    if (tide_memory_stats(S->c).big_bytes > S->trigger_big - (BIG_FLOOR >> 1)) collect_all(L, S);
    S->trigger_small = small_bytes(S) + SMALL_STEP;
    return;
  }
  int64_t finalized = S->finalized, room = SMALL_STEP;
  compat_gc_step(L);
  if (small_bytes(S) > small - SMALL_STEP / 2) {
    int64_t count = compat_gc_bytes(L);
    if (count < S->heap) S->heap = count;                       /* the count holds dead boxes: trust the lowest */
    if (S->heap < SMALL_HEAP || count > 4 * S->heap) {
      compat_gc_full(L);
      S->heap = compat_gc_bytes(L) - (S->finalized - finalized) * BOX_BYTES;
      room = max64(room, S->heap);
    }
    else room = max64(room, S->heap / 16);
  }
  S->trigger_small = small_bytes(S) + room;
}

void tide__pace(lua_State *L, State *S) {
  const tide_Stats *stats = tide_memory(S->c);
  int64_t small = stats->small_bytes + S->nboxes * BOX_BYTES;
  if (unlikely(stats->big_bytes + S->room_big < S->trigger_big)) S->trigger_big = stats->big_bytes + S->room_big;
  if (unlikely(small > S->trigger_small || stats->big_bytes > S->trigger_big)) pace(L, S, small, stats->big_bytes);
}

/* Memory has run out: the context asks once. On the main thread, since a host may have called whose last coroutine is dead; the operator that
** asks goes on in the thread where it was. */
static void collect_callback(void *arg) {
  State *S = arg;
  lua_State *outer = S->L;
  compat_gc_full(S->main);
  S->L = outer;
}

/* }========================================================= */


/* {======================== tide.scope ======================== */

/* The value at the top is a result of scope number `scope`, if it is a box. A table that is not in `seen` (at this index) goes there, at place ++*n, to be looked through. */
static void mark_result(lua_State *L, int seen, lua_Integer *n, uint32_t scope) {
  Box *b = tide__test_box(L, -1);
  if (b) b->out = scope;
  if (!lua_istable(L, -1)) return;
  lua_pushvalue(L, -1);
  if (lua_rawget(L, seen) == LUA_TNIL) {
    lua_pushvalue(L, -2);
    lua_pushboolean(L, 1);
    lua_rawset(L, seen);
    lua_pushvalue(L, -2);
    lua_rawseti(L, seen, ++*n);
  }
  lua_pop(L, 1);
}

/* Calls the function at 2 and marks what it returns, tables looked through; at 1 stands the scope's number. */
static int scope_body(lua_State *L) {
  uint32_t number = (uint32_t)lua_tointeger(L, 1);
  lua_call(L, lua_gettop(L) - 2, LUA_MULTRET);
  int top = lua_gettop(L), seen = top + 1;
  lua_Integer n = 0;
  luaL_checkstack(L, 8, "too many results");
  lua_newtable(L);
  for (int i = 2; i <= top; i++) {
    lua_pushvalue(L, i);
    mark_result(L, seen, &n, number);
    lua_pop(L, 1);
  }
  for (lua_Integer k = 1; k <= n; k++) {
    lua_rawgeti(L, seen, k);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) mark_result(L, seen, &n, number);
    lua_pop(L, 1);
  }
  lua_settop(L, top);
  return top - 1;
}

/*
** tide.scope(f, ...): calls f and releases what it made, except results, kept tensors and those that a module or optimiser took. What it made are
** the boxes that stand before a mark in the ring; results stay there, and are thereby the enclosing scope's.
*/
static int scope(lua_State *L) {
  State *S = STATE(L);
  Box mark = {.key = 0};
  int n = lua_gettop(L);
  uint32_t number = ++S->last_scope ? S->last_scope : ++S->last_scope;
  if (!tide__is_callable(L, 1)) return tide__error(L, S, "scope: argument 1 ('f'): a function expected, got %s", tide__typename(L, 1));
  lua_pushcfunction(L, scope_body);
  lua_pushinteger(L, number);
  lua_rotate(L, 1, 2);
  link_box(&S->boxes, &mark);
  int status = lua_pcall(L, n + 1, LUA_MULTRET, 0);
  S->L = L;
  for (Box *b = S->boxes.next; b != &mark; b = b->next) {
    tide_Tensor *t = b->t;
    if (!t || b->keep || (b->out == number && status == LUA_OK)) continue;
    b->t = NULL;
    tide_release(t);
  }
  unlink_box(&mark);
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

static int keep(lua_State *L) {
  State *S = STATE(L);
  tide__check(L, S, 1, "keep", "self");
  ((Box *)lua_touserdata(L, 1))->keep = 1;
  lua_settop(L, 1);
  return 1;
}

/* }========================================================= */


/* {======================== opening ======================== */

/* Boxes that are left while Lua closes, put back or made by finalizers, are not finalized any more. */
static void release_boxes(State *S) {
  for (Box *b = S->boxes.next; b != &S->boxes; b = b->next) {
    tide_Tensor *t = b->t;
    b->t = NULL;
    tide_release(t);
  }
  for (NodeBox *b = S->node_boxes.next; b != &S->node_boxes; b = b->next) {
    tide_Node *n = b->n;
    b->n = NULL;
    if (!b->weak) tide_node_release(n);
  }
}

/* The Lua state closes, or opening failed midway. */
static int state_gc(lua_State *L) {
  State *S = lua_touserdata(L, 1);
  if (S->closed) return 0;
  S->closed = 1;
  S->L = NULL;
  if (!S->c) return 0;
  tide__leave_held(S);
  release_boxes(S);
  tide_set_collect(S->c, NULL, NULL);
  tide_set_node_died(S->c, NULL, NULL);
  tide_set_warn(S->c, NULL, NULL);
  tide_set_trace(S->c, NULL, NULL);
  tide_shutdown(S->c);
  return 0;
}

static int new_ref(lua_State *L, const char *weak) {
  lua_newtable(L);
  if (weak) {
    lua_newtable(L);
    lua_pushstring(L, weak);
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
  }
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* A state, at the top of the stack. The registry gets it when all is open: opening may fail anywhere for want of memory, and be tried again. */
static State *new_state(lua_State *L, const tide_Config *host) {
  State *S = compat_newuserdata(L, sizeof *S);
  memset(S, 0, sizeof *S);
  S->boxes.prev = S->boxes.next = &S->boxes;
  S->node_boxes.prev = S->node_boxes.next = &S->node_boxes;
  lua_newtable(L);
  lua_pushcfunction(L, state_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  tide_Config config = {sizeof config, NULL, NULL, 1, 0};
  if (host) memcpy(&config, host, host->size < sizeof config ? host->size : sizeof config);
  config.size = sizeof config;
  config.base = 1;
  S->c = tide_open(&config);
  if (!S->c) luaL_error(L, "tide: out of memory");
  S->modes.grad = 1;
  S->trigger_small = SMALL_STEP;
  S->trigger_big = S->room_big = BIG_FLOOR;
  S->print = (tide__PrintOptions)TIDE__PRINT_DEFAULTS;
  S->tensor_mt = new_ref(L, NULL);
  S->node_mt = new_ref(L, NULL);
  S->dtype_mt = new_ref(L, NULL);
  S->size_mt = new_ref(L, NULL);
  S->guard_mt = new_ref(L, NULL);
  S->handle_mt = new_ref(L, NULL);
  S->bundle_mt = new_ref(L, NULL);
  S->identity = new_ref(L, "v");
  S->extras = new_ref(L, "k");
  S->anchors = new_ref(L, NULL);
  S->dtypes = new_ref(L, NULL);
  S->own_sources = new_ref(L, NULL);
  S->pairs = new_ref(L, "v");
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &parked_key);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  S->main = S->L = lua_tothread(L, -1);
  lua_pop(L, 1);
  tide_set_userdata(S->c, S);
  tide_set_collect(S->c, collect_callback, S);
  return S;
}

static int memory_stats(lua_State *L) {
  State *S = STATE(L);
  tide_Stats m = tide_memory_stats(S->c);
  lua_createtable(L, 0, 5);
#define FIELD(name) lua_pushinteger(L, m.name); lua_setfield(L, -2, #name);
  FIELD(live_bytes) FIELD(peak_bytes) FIELD(cached_bytes) FIELD(tensors) FIELD(nodes)
  return 1;
}
static int empty_cache(lua_State *L) { tide_empty_cache(STATE(L)->c); return 0; }
static int set_memory_limit(lua_State *L) {
  State *S = STATE(L);
  lua_Number bytes = lua_tonumber(L, 1);
  if (lua_type(L, 1) != LUA_TNUMBER) return tide__error(L, S, "set_memory_limit: argument 1 ('bytes'): a number expected, got %s", tide__typename(L, 1));
  if (!(bytes >= 0 && bytes < 0x1p62)) return tide__error(L, S, "set_memory_limit: %g bytes is no limit", bytes);
  tide_set_memory_limit(S->c, (int64_t)bytes);
  return 0;
}
/* manual_seed(n): the default generator, which is returned */
static int manual_seed(lua_State *L) {
  State *S = STATE(L);
  uint64_t seed;
  tide__to_seed(L, S, 1, "manual_seed", &seed);
  tide_manual_seed(S->c, seed);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->module);
  lua_getfield(L, -1, "default_generator");
  return 1;
}
/* get_rng_state(): the generator's state, a uint8 tensor for set_rng_state */
static int get_rng_state(lua_State *L) {
  State *S = STATE(L);
  tide__pace(L, S);
  Box *b = tide__push_box(L, S);
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  size_t n = tide_get_rng_state(S->c, NULL, 0);
  tide_Tensor *t = tide_from_data(S->c, TIDE_UINT8, 1, (int64_t[]){(int64_t)n}, NULL);
  if (t) tide_get_rng_state(S->c, tide_data(t), n);
  return tide__finish(L, S, b, t, scope);
}
static int set_rng_state(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "set_rng_state", "new_state");
  if (tide_dtype(t) != TIDE_UINT8 || !tide_is_contiguous(t)) return tide__error(L, S, "set_rng_state: a state as get_rng_state gives it is expected");
  return tide_set_rng_state(S->c, tide_data(t), (size_t)tide_numel(t)) ? 0 : tide__raise(L, S);
}
static int initial_seed(lua_State *L) { lua_pushinteger(L, (lua_Integer)tide_initial_seed(STATE(L)->c)); return 1; }

static int set_num_threads(lua_State *L) {
  State *S = STATE(L);
  int is_integer;
  lua_Integer n = lua_tointegerx(L, 1, &is_integer);
  if (!is_integer) return tide__error(L, S, "set_num_threads: argument 1 ('n'): a whole number expected, got %s", tide__typename(L, 1));
  if (n < 1) return tide__error(L, S, "set_num_threads: %lld is no number of threads: there is always one", (long long)n);
  tide_set_num_threads(n > 1 << 20 ? 1 << 20 : (int)n);
  return 0;
}
static int get_num_threads(lua_State *L) { lua_pushinteger(L, tide_get_num_threads()); return 1; }

/* Makes the next operator fail: for tests (a host calls tide_interrupt). */
static int interrupt(lua_State *L) { tide_interrupt(STATE(L)->c); return 0; }

/* core.now(): seconds, from an unknown start. core.is_terminal(): does stderr lead to one? */
static int now(lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + 1e-9 * (lua_Number)t.tv_nsec);
  return 1;
}
static int is_terminal(lua_State *L) { lua_pushboolean(L, isatty(2)); return 1; }

static const luaL_Reg functions[] = {
  {"memory_stats", memory_stats}, {"empty_cache", empty_cache}, {"set_memory_limit", set_memory_limit}, {"manual_seed", manual_seed},
  {"initial_seed", initial_seed}, {"get_rng_state", get_rng_state}, {"set_rng_state", set_rng_state}, {"set_num_threads", set_num_threads}, {"get_num_threads", get_num_threads},
  {"own_source", own_source}, {"now", now}, {"is_terminal", is_terminal}, {"error", core_error}, {"warn", core_warn}, {"line", core_where}, {"interrupt", interrupt}, {"scope", scope}, {NULL, NULL}};

static const luaL_Reg tensor_life[] = {{"__gc", box_gc}, {"__close", box_release}, {NULL, NULL}};

static const luaL_Reg tensor_methods[] = {{"release", box_release}, {"keep", keep}, {NULL, NULL}};

static int node_gc(lua_State *L) {
  State *S = lua_touserdata(L, lua_upvalueindex(1));
  NodeBox *b = lua_touserdata(L, 1);
  if (!b || lua_rawlen(L, 1) != sizeof *b || b->key != ((uintptr_t)b ^ NODE_KEY)) return 0;
  tide_Node *n = b->n;
  b->n = NULL;
  b->key = 0;
  b->prev->next = b->next;
  b->next->prev = b->prev;
  lua_State *outer = S->L;
  S->L = L;
  if (!b->weak) tide_node_release(n);
  S->L = outer;
  return 0;
}
static const luaL_Reg node_life[] = {{"__gc", node_gc}, {NULL, NULL}};

static State *known_state(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &tide__registry_key);
  State *S = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return S;
}

/* The state with all that is in it; leaves it at the top, the module under it. */
static State *open_state(lua_State *L, const tide_Config *config) {
  lua_newtable(L);
  int module = lua_gettop(L);
  State *S = new_state(L, config);
  tide__register(L, S, module, functions);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->tensor_mt);
  tide__register(L, S, -1, tensor_life);
  lua_pushliteral(L, "tensor");
  lua_setfield(L, -2, "__name");
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->node_mt);
  tide__register(L, S, -1, node_life);
  S->methods = new_ref(L, NULL);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->methods);
  tide__register(L, S, -1, tensor_methods);
  lua_pop(L, 3);
  tide__open_modes(L, S, module);
  tide__open_call(L, S, module);
  tide__open_tensor(L, S, module);             /* its fields win over methods of the same name (T, mT) */
  tide__open_index(L, S, module);
  tide__open_autograd(L, S, module);
  tide__open_packed(L, S, module);
  tide__open_optim(L, S, module);
  tide__open_generator(L, S, module);
  tide__open_hooks(L, S, module);
  tide__open_function(L, S, module);
  tide__open_files(L, S, module);
  lua_pushliteral(L, TIDE_VERSION);
  lua_setfield(L, module, "_VERSION");
  lua_settop(L, module + 1);
  return S;
}

/* Pushes the module, of which there is one in a Lua state. */
static void open_module(lua_State *L, const tide_Config *config) {
  State *S = known_state(L);
  if (S && S->closed) luaL_error(L, "tide is closed");
  if (!S) {
    S = open_state(L, config);
    lua_pushvalue(L, -2);
    S->module = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &tide__registry_key);
    lua_pop(L, 1);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->module);
}

int luaopen_tide_core(lua_State *L) {
  luaL_checkversion(L);
  open_module(L, NULL);
  return 1;
}

void tide_lua_open(lua_State *L, const tide_Config *config) {
  luaL_checkversion(L);
  if (known_state(L)) { luaL_error(L, "tide is open in this state already"); return; }
  open_module(L, config);
  lua_pop(L, 1);
}

/* }========================================================= */
