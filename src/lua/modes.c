/*
** Modes follow the chain of resumes: a coroutine runs under the scopes of whoever resumed it, and a scope in which a
** coroutine yields neither leaks to its resumer nor is lost.
**
** A scope is a guard {coroutine, modes} in a list, newest first. What holds for a running coroutine is its own newest guard, else the
** newest guard of a coroutine that is "normal", that is, one of its resumers; guards of suspended coroutines do not count.
** While the list is empty the context has State.modes and entries need not look.
*/
#include "lua/modes.h"

static void apply(State *S, const struct Modes *m) {
  tide_set_grad_mode(S->c, m->grad);
  tide_set_inference_mode(S->c, m->inference);
  tide_set_anomaly(S->c, m->anomaly);
  tide_set_pack_hooks(S->c, m->pack);
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

struct Modes tide__current_modes(lua_State *L, State *S) {
  return S->guards ? *lookup(L, S) : (struct Modes){(uint8_t)tide_grad_mode(S->c), (uint8_t)tide_inference_mode(S->c), (uint8_t)tide_anomaly(S->c), tide_pack_hooks(S->c)};
}

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
  g->S = S;
  g->thread = L;
  g->modes = modes;
  g->warns = (uint8_t)warns;
  lua_pushthread(L);
  compat_setvalue(L, -2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->guard_mt);
  lua_setmetatable(L, -2);
  link_guard(S, g);
  return g;
}

void tide__callback_begin(lua_State *L, State *S, Guard *g) {
  memset(g, 0, sizeof *g);
  g->S = S;
  g->thread = L;
  g->modes = (struct Modes){(uint8_t)tide_grad_mode(S->c), (uint8_t)tide_inference_mode(S->c), (uint8_t)tide_anomaly(S->c), tide_pack_hooks(S->c)};
  link_guard(S, g);
}

/* What the callback set for good inside its own scope ends with it; the context gets back what it had. */
void tide__callback_end(State *S, Guard *g) {
  struct Modes m = g->modes;
  unlink_guard(g);
  (void)S;
  apply(S, &m);
}

static int guard_close(lua_State *L) {
  unlink_guard(lua_touserdata(L, 1));
  return 0;
}

static int guard_gc(lua_State *L) {
  Guard *g = lua_touserdata(L, 1);
  if (g->on && g->warns && !g->S->closed) compat_warning(L, "a mode scope was dropped without <close>; its mode ends now");
  unlink_guard(g);
  return 0;
}

static int after(lua_State *L, int status, lua_KContext k) {
  (void)status;
  (void)k;
  return lua_gettop(L) - 1;
}

int tide__with_modes(lua_State *L, State *S, struct Modes modes) {
  int n = lua_gettop(L);
  if (n == 0) { tide__push_guard(L, S, modes, 1); return 1; }
  if (lua_type(L, 1) != LUA_TFUNCTION) luaL_getmetafield(L, 1, "__call");        /* what can be called will do; anything else fails below with its own error */
  lua_settop(L, n);
  tide__push_guard(L, S, modes, 0);
  lua_insert(L, 1);
  compat_toclose(L, 1);
  lua_callk(L, n - 1, LUA_MULTRET, 0, after);
  return after(L, LUA_OK, 0);
}

static int no_grad(lua_State *L) {
  State *S = STATE(L);
  struct Modes m = tide__current_modes(L, S);
  m.grad = 0;
  return tide__with_modes(L, S, m);
}

static int enable_grad(lua_State *L) {
  State *S = STATE(L);
  struct Modes m = tide__current_modes(L, S);
  m.grad = 1;
  return tide__with_modes(L, S, m);
}

static int inference_mode(lua_State *L) {
  State *S = STATE(L);
  struct Modes m = tide__current_modes(L, S);
  int flag = 1;
  if (lua_isboolean(L, 1)) { flag = lua_toboolean(L, 1); lua_remove(L, 1); }
  m.inference = (uint8_t)flag;
  m.grad = !flag;
  return tide__with_modes(L, S, m);
}

/* Sets the grad mode of the running coroutine: in its innermost scope, or for good where it has none. */
static void set_here(lua_State *L, State *S, int on) {
  Guard *g = S->guards;
  while (g && g->thread != L) g = g->next;
  if (g) g->modes.grad = (uint8_t)on;
  else if (lua_pushthread(L)) {
    lua_pop(L, 1);
    S->modes.grad = (uint8_t)on;
    if (!S->guards) tide_set_grad_mode(S->c, on);
  }
  else {                                                    /* a coroutine: its guard lives as long as it does */
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->extras);
    lua_insert(L, -2);
    struct Modes m = tide__current_modes(L, S);
    m.grad = (uint8_t)on;
    tide__push_guard(L, S, m, 0);
    lua_rawset(L, -3);
    lua_pop(L, 1);
  }
}

typedef struct Restore { State *S; int on, closed; } Restore;

static int restore_close(lua_State *L) {
  Restore *r = lua_touserdata(L, 1);
  if (r && !r->closed) { r->closed = 1; set_here(L, r->S, r->on); }
  return 0;
}

static int set_grad_enabled(lua_State *L) {
  State *S = STATE(L);
  if (!lua_isboolean(L, 1)) return tide__error(L, S, "set_grad_enabled: argument 1 ('mode'): a boolean expected, got %s", luaL_typename(L, 1));
  int on = lua_toboolean(L, 1);
  struct Modes m = tide__current_modes(L, S);
  if (lua_gettop(L) > 1) {
    lua_remove(L, 1);
    m.grad = (uint8_t)on;
    return tide__with_modes(L, S, m);
  }
  Restore *r = compat_newuserdata(L, sizeof *r);
  *r = (Restore){S, m.grad, 0};
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->handle_mt);
  lua_getfield(L, -1, "restore");
  lua_setmetatable(L, -3);
  lua_pop(L, 1);
  set_here(L, S, on);
  return 1;
}

static int is_grad_enabled(lua_State *L) { State *S = STATE(L); lua_pushboolean(L, tide__current_modes(L, S).grad); return 1; }
static int is_inference_mode_enabled(lua_State *L) { State *S = STATE(L); lua_pushboolean(L, tide__current_modes(L, S).inference); return 1; }

static const luaL_Reg functions[] = {
  {"no_grad", no_grad}, {"enable_grad", enable_grad}, {"inference_mode", inference_mode}, {"set_grad_enabled", set_grad_enabled},
  {"is_grad_enabled", is_grad_enabled}, {"is_inference_mode_enabled", is_inference_mode_enabled}, {NULL, NULL}};

void tide__open_modes(lua_State *L, State *S, int module) {
  tide__register(L, S, module, functions);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->guard_mt);
  lua_pushcfunction(L, guard_close); lua_setfield(L, -2, "__close");
  lua_pushcfunction(L, guard_gc); lua_setfield(L, -2, "__gc");
  lua_pushliteral(L, "mode scope"); lua_setfield(L, -2, "__name");
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->handle_mt);
  lua_newtable(L);
  lua_pushcfunction(L, restore_close); lua_setfield(L, -2, "__close");
  lua_pushliteral(L, "grad mode"); lua_setfield(L, -2, "__name");
  lua_setfield(L, -2, "restore");
  lua_pop(L, 2);
}
