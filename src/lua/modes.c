/*
** Modes follow the chain of resumes: a coroutine runs under the scopes of whoever resumed it, and a scope in which a
** coroutine yields neither leaks to its resumer nor is lost.
**
** A scope is a guard {coroutine, modes} in a list, newest first. What holds for a running coroutine is its own newest guard, else the
** newest guard of a coroutine that is "normal", that is, one of its resumers; guards of suspended coroutines do not count.
** While the list is empty the context has State.modes and entries need not look.
*/
#include <stdio.h>

#include "lua/modes.h"

static void apply(State *S, const struct Modes *m) {
  tide_set_grad_mode(S->c, m->grad);
  tide_set_inference_mode(S->c, m->inference);
  tide_set_anomaly(S->c, m->anomaly);
  tide_set_pack_hooks(S->c, m->pack);
  S->hooks = m->hooks;
}

static const struct Modes *lookup(lua_State *L, State *S) {
  lua_Debug ar;
  for (Guard *g = S->guards; g; g = g->next) {
    if (g->thread == L) return &g->modes;
    if (lua_status(g->thread) == LUA_OK && lua_getstack(g->thread, 0, &ar)) return &g->modes;
  }
  return &S->modes;
}

void tide__resolve_modes(lua_State *L, State *S) { apply(S, lookup(L, S)); }

struct Modes tide__context_modes(State *S) {
  return (struct Modes){(uint8_t)tide_grad_mode(S->c), (uint8_t)tide_inference_mode(S->c), (uint8_t)tide_anomaly(S->c), tide_pack_hooks(S->c), S->hooks};
}

struct Modes tide__current_modes(lua_State *L, State *S) { return S->guards ? *lookup(L, S) : tide__context_modes(S); }

static void link_guard(State *S, Guard *g) {
  g->prev = NULL;
  g->next = S->guards;
  if (g->next) g->next->prev = g;
  S->guards = g;
  g->on = 1;
}

static void unlink_guard(Guard *g) {
  State *S = g->S;
  if (!g->on) return;
  g->on = 0;
  if (g->prev) g->prev->next = g->next; else S->guards = g->next;
  if (g->next) g->next->prev = g->prev;
  if (!S->guards && !S->closed) apply(S, &S->modes);
}

Guard *tide__push_guard(lua_State *L, State *S, struct Modes modes, int warns) {
  Guard *g = compat_newuserdata1(L, sizeof *g);
  memset(g, 0, sizeof *g);
  g->key = (uintptr_t)g ^ GUARD_KEY;
  g->S = S;
  g->thread = L;
  g->modes = modes;
  g->warns = (uint8_t)warns;
  if (warns) {
    tide__where(L, S);
    strncpy(g->where, lua_tostring(L, -1), sizeof g->where - 1);
    lua_pop(L, 1);
  }
  lua_pushthread(L);
  compat_setvalue(L, -2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->guard_mt);
  lua_setmetatable(L, -2);
  link_guard(S, g);
  return g;
}

int tide__protected_call(lua_State *L, State *S, struct Modes modes, int n, int results) {
  struct Modes before = tide__context_modes(S);
  Guard g;
  memset(&g, 0, sizeof g);
  g.S = S;
  g.thread = L;
  g.modes = modes;
  link_guard(S, &g);
  int status = lua_pcall(L, n, results, 0);
  S->L = L;
  unlink_guard(&g);
  apply(S, &before);
  return status;
}

static int guard_close(lua_State *L) {
  Guard *g = tide__test_key(L, 1, sizeof *g, GUARD_KEY);
  if (g) unlink_guard(g);
  return 0;
}

static int guard_gc(lua_State *L) {
  Guard *g = tide__test_key(L, 1, sizeof *g, GUARD_KEY);
  if (!g) return 0;
  if (g->on && g->warns && !g->S->closed) {
    lua_pushfstring(L, "%sa mode scope made here was dropped without <close>; its mode ends now", g->where);
    compat_warning(L, lua_tostring(L, -1));
  }
  unlink_guard(g);
  return 0;
}

static int after(lua_State *L, int status, lua_KContext k) {
  (void)status;
  (void)k;
  return lua_gettop(L) - 1;
}

/* The guard at the top keeps the pair at 1 as well as its coroutine. */
static void keep_pair(lua_State *L) {
  lua_pushvalue(L, 1);
  lua_pushthread(L);
  lua_rawseti(L, -2, 3);
  compat_setvalue(L, -2);
}

int tide__with_modes(lua_State *L, State *S, const char *function, struct Modes modes, int pair) {
  int n = lua_gettop(L) - pair;
  if (n > 0 && !tide__is_callable(L, pair + 1)) return tide__error(L, S, "%s: a function to call is expected, got %s", function, tide__typename(L, pair + 1));
  tide__push_guard(L, S, modes, n == 0);
  if (pair) keep_pair(L);
  if (n == 0) return 1;
  if (pair) lua_replace(L, 1); else lua_insert(L, 1);
  compat_toclose(L, 1);
  lua_callk(L, n - 1, LUA_MULTRET, 0, after);
  return after(L, LUA_OK, 0);
}

static int no_grad(lua_State *L) {
  State *S = STATE(L);
  struct Modes m = tide__current_modes(L, S);
  m.grad = 0;
  return tide__with_modes(L, S, "no_grad", m, 0);
}

static int enable_grad(lua_State *L) {
  State *S = STATE(L);
  struct Modes m = tide__current_modes(L, S);
  m.grad = 1;
  return tide__with_modes(L, S, "enable_grad", m, 0);
}

static int inference_mode(lua_State *L) {
  State *S = STATE(L);
  struct Modes m = tide__current_modes(L, S);
  int flag = 1;
  if (lua_isboolean(L, 1)) { flag = lua_toboolean(L, 1); lua_remove(L, 1); }
  m.inference = (uint8_t)flag;
  m.grad = !flag;
  return tide__with_modes(L, S, "inference_mode", m, 0);
}

enum { GRAD, ANOMALY };

static void put(struct Modes *m, int which, int value) {
  if (which == GRAD) m->grad = (uint8_t)value; else m->anomaly = (uint8_t)value;
}

/* Sets a mode of the running coroutine: in its innermost scope, or for good where it has none. */
static void set_here(lua_State *L, State *S, int which, int value) {
  Guard *g = S->guards;
  while (g && g->thread != L) g = g->next;
  if (g) put(&g->modes, which, value);
  else if (lua_pushthread(L)) {
    lua_pop(L, 1);
    put(&S->modes, which, value);
    if (S->guards) return;
    if (which == GRAD) tide_set_grad_mode(S->c, value); else tide_set_anomaly(S->c, value);
  }
  else {                                                    /* a coroutine: its guard lives as long as it does */
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->extras);
    lua_insert(L, -2);
    struct Modes m = tide__current_modes(L, S);
    put(&m, which, value);
    tide__push_guard(L, S, m, 0);
    lua_rawset(L, -3);
    lua_pop(L, 1);
  }
}

typedef struct Restore { uintptr_t key; State *S; int which, old, closed; } Restore;

static int restore_close(lua_State *L) {
  Restore *r = tide__test_key(L, 1, sizeof *r, RESTORE_KEY);
  if (r && !r->closed) { r->closed = 1; set_here(L, r->S, r->which, r->old); }
  return 0;
}

/* With arguments (f, ...): calls f under the mode; with none: sets it, and leaves an object that restores it when it is closed. */
static int set_mode(lua_State *L, State *S, int which, int value) {
  struct Modes m = tide__current_modes(L, S);
  int old = which == GRAD ? m.grad : m.anomaly;
  if (lua_gettop(L) > 0) {
    put(&m, which, value);
    return tide__with_modes(L, S, which == GRAD ? "set_grad_enabled" : "set_detect_anomaly", m, 0);
  }
  Restore *r = compat_newuserdata(L, sizeof *r);
  *r = (Restore){(uintptr_t)r ^ RESTORE_KEY, S, which, old, 0};
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->handle_mt);
  lua_getfield(L, -1, "restore");
  lua_setmetatable(L, -3);
  lua_pop(L, 1);
  set_here(L, S, which, value);
  return 1;
}

static int set_grad_enabled(lua_State *L) {
  State *S = STATE(L);
  if (!lua_isboolean(L, 1)) return tide__error(L, S, "set_grad_enabled: argument 1 ('mode'): a boolean expected, got %s", tide__typename(L, 1));
  int on = lua_toboolean(L, 1);
  lua_remove(L, 1);
  return set_mode(L, S, GRAD, on);
}

/* The anomaly mode with check_nan as given at 1 (a boolean, or {check_nan =}; absent: true), which is taken away. */
static int take_check_nan(lua_State *L, State *S, const char *function) {
  int check = 1, type = lua_type(L, 1);
  if (type == LUA_TTABLE && !tide__is_callable(L, 1)) {
    type = lua_getfield(L, 1, "check_nan");
    check = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (type != LUA_TBOOLEAN) return tide__error(L, S, "%s: 'check_nan': a boolean expected, got %s", function, lua_typename(L, type));
    lua_remove(L, 1);
  }
  else if (type == LUA_TBOOLEAN) { check = lua_toboolean(L, 1); lua_remove(L, 1); }
  return check ? 1 : 2;
}

/* detect_anomaly([check_nan] [, f, ...]) */
static int detect_anomaly(lua_State *L) {
  State *S = STATE(L);
  struct Modes m = tide__current_modes(L, S);
  m.anomaly = (uint8_t)take_check_nan(L, S, "detect_anomaly");
  tide__warn(L, S, "detect_anomaly: anomaly detection makes everything slower; it is meant for debugging");
  return tide__with_modes(L, S, "detect_anomaly", m, 0);
}

/* set_detect_anomaly(mode [, check_nan] [, f, ...]) */
static int set_detect_anomaly(lua_State *L) {
  State *S = STATE(L);
  if (!lua_isboolean(L, 1)) return tide__error(L, S, "set_detect_anomaly: argument 1 ('mode'): a boolean expected, got %s", tide__typename(L, 1));
  int on = lua_toboolean(L, 1);
  lua_remove(L, 1);
  int mode = take_check_nan(L, S, "set_detect_anomaly");
  return set_mode(L, S, ANOMALY, on ? mode : 0);
}

static int is_anomaly_enabled(lua_State *L) { State *S = STATE(L); lua_pushboolean(L, tide__current_modes(L, S).anomaly); return 1; }
static int is_anomaly_check_nan_enabled(lua_State *L) { State *S = STATE(L); lua_pushboolean(L, tide__current_modes(L, S).anomaly != 2); return 1; }

static int is_grad_enabled(lua_State *L) { State *S = STATE(L); lua_pushboolean(L, tide__current_modes(L, S).grad); return 1; }
static int is_inference_mode_enabled(lua_State *L) { State *S = STATE(L); lua_pushboolean(L, tide__current_modes(L, S).inference); return 1; }

static int push_where(lua_State *L) {
  State *S = lua_touserdata(L, 1);
  tide__where(L, S);
  return 1;
}

/* Where the user's program stands, for the nodes that anomaly mode makes. */
static const char *trace(void *arg) {
  State *S = arg;
  lua_State *L = S->L;
  if (!lua_checkstack(L, LUA_MINSTACK)) return NULL;
  lua_pushcfunction(L, push_where);
  lua_pushlightuserdata(L, S);
  const char *where = lua_pcall(L, 1, 1, 0) == LUA_OK ? lua_tostring(L, -1) : "";
  size_t n = strlen(where);
  if (n > 2) snprintf(S->trace, sizeof S->trace, "%.*s", (int)n - 2, where);      /* without ": " */
  lua_pop(L, 1);
  return n > 2 ? S->trace : NULL;
}

static const luaL_Reg functions[] = {
  {"no_grad", no_grad}, {"enable_grad", enable_grad}, {"inference_mode", inference_mode}, {"set_grad_enabled", set_grad_enabled},
  {"is_grad_enabled", is_grad_enabled}, {"is_inference_mode_enabled", is_inference_mode_enabled}, {"is_anomaly_enabled", is_anomaly_enabled},
  {"is_anomaly_check_nan_enabled", is_anomaly_check_nan_enabled}, {NULL, NULL}};

static const luaL_Reg autograd[] = {{"detect_anomaly", detect_anomaly}, {"set_detect_anomaly", set_detect_anomaly}, {NULL, NULL}};

void tide__open_modes(lua_State *L, State *S, int module) {
  tide_set_trace(S->c, trace, S);
  tide__register(L, S, module, functions);
  lua_newtable(L);
  tide__register(L, S, -1, autograd);
  lua_setfield(L, module, "autograd");
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->guard_mt);
  lua_pushcfunction(L, guard_close); lua_setfield(L, -2, "__close");
  lua_pushcfunction(L, guard_gc); lua_setfield(L, -2, "__gc");
  lua_pushliteral(L, "mode scope"); lua_setfield(L, -2, "__name");
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->handle_mt);
  lua_newtable(L);
  lua_pushcfunction(L, restore_close); lua_setfield(L, -2, "__close");
  lua_pushliteral(L, "mode"); lua_setfield(L, -2, "__name");
  lua_setfield(L, -2, "restore");
  lua_pop(L, 2);
}
