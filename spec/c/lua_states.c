/*
** tide in Lua states, as a host has them: opened twice in a state, in several states, in a state of each thread; closed while tensors, graphs,
** hooks and scopes live; used in finalizers while the state closes; host memory shared; operators of the host's; called without a Lua caller.
*/
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "tide_lua.h"

static int failures = 0;
#define CHECK(condition, ...) do { if (!(condition)) { failures++; printf("line %d: ", __LINE__); printf(__VA_ARGS__); puts(""); } } while (0)

static lua_State *open_state(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  luaL_requiref(L, "tide", luaopen_tide, 1);
  lua_pop(L, 1);
  return L;
}

/* Runs a chunk: NULL, or the message (in the state). */
static const char *run(lua_State *L, const char *text) { return luaL_dostring(L, text) == LUA_OK ? NULL : luaL_tolstring(L, -1, NULL); }
#define RUN(L, text) do { const char *e_ = run(L, text); CHECK(!e_, "%s", e_); lua_settop(L, 0); } while (0)

static void count(void *arg) { ++*(int *)arg; }

/* An allocator of the host's that knows what is out. */
static void *counting(void *ud, void *p, size_t osize, size_t nsize) {
  (void)osize;
  *(long *)ud += (nsize != 0) - (p != NULL);
  if (nsize) return malloc(nsize);
  free(p);
  return NULL;
}

static void twice(void) {
  lua_State *L = open_state();
  RUN(L, "first = require 'tide.core'");
  luaL_requiref(L, "tide.core", luaopen_tide_core, 0);
  lua_pop(L, 1);
  lua_pushcfunction(L, luaopen_tide_core);
  lua_call(L, 0, 1);
  lua_setglobal(L, "second");
  lua_pushcfunction(L, luaopen_tide);
  lua_call(L, 0, 1);
  lua_setglobal(L, "other");
  RUN(L, "assert(first == second)\n"
         "local x = tide.ones(2, {requires_grad = true})\n"
         "local y = other.mul(x, 2):sum() y:backward()\n"
         "assert(x.grad:tolist()[1] == 2 and other.is_tensor(x) and x.T ~= nil and tide.float32 == other.float32)");
  CHECK(run(L, "error()") , "an error is an error");
  lua_close(L);

  luaL_requiref(L = luaL_newstate(), "_G", luaopen_base, 1);             /* without the libraries: an error, no crash */
  lua_pushcfunction(L, luaopen_tide);
  CHECK(lua_pcall(L, 0, 1, 0) != LUA_OK && strstr(lua_tostring(L, -1), "luaL_openlibs"), "opened without libraries");
  CHECK(!tide_lua_context(L), "a context before tide was opened");
  lua_close(L);
}

static void several(void) {
  lua_State *A = open_state(), *B = open_state();
  CHECK(tide_lua_context(A) != tide_lua_context(B), "two states share a context");
  RUN(A, "x = tide.ones(3, {requires_grad = true})");
  lua_getglobal(A, "x");
  tide_Tensor *x = tide_lua_check(A, -1);
  lua_pushcfunction(B, lua_error);                                        /* (anything protected) */
  lua_pop(B, 1);
  tide_Tensor *alien = tide_ones(tide_lua_context(B), (int64_t[]){3}, 1, -1);
  CHECK(!tide_add(x, alien) && tide_error_code(tide_context(x)) == TIDE_EARG, "tensors of two states were added");
  tide_clear_error(tide_context(x));
  float memory[3] = {1, 2, 3};
  int released = 0;
  for (int i = 0; i < 2; i++) {
    lua_State *L = i ? B : A;
    tide_Context *c = tide_lua_context(L);
    tide_Scope scope = tide_scope(c);
    tide_lua_push(L, tide_from_memory(c, memory, TIDE_FLOAT32, 1, (int64_t[]){3}, NULL, count, &released));
    tide_close(c, scope, NULL);
    lua_setglobal(L, "shared");
  }
  RUN(A, "shared:add_(1)");
  RUN(B, "assert(shared:sum():item() == 9)");
  lua_settop(A, 0);
  lua_close(A);
  CHECK(released == 1, "released %d times", released);
  RUN(B, "shared:mul_(2)");
  CHECK(memory[2] == 8, "host memory: %g", memory[2]);
  lua_close(B);
  CHECK(released == 2, "released %d times", released);
}

/* Closes a state while all kinds of things live, with the context's memory from a counting allocator. */
static void closing(const char *text) {
  long out = 0;
  const tide_Config config = {.size = sizeof config, .alloc = counting, .ud = &out};
  lua_State *L = luaL_newstate();
  tide_lua_open(L, &config);
  luaL_openlibs(L);
  luaL_requiref(L, "tide", luaopen_tide, 1);
  lua_settop(L, 0);
  RUN(L, text);
  lua_close(L);
  CHECK(out == 0, "%ld blocks are left after\n%s", out, text);
}

static const char *const lives[] = {
  "x = tide.ones(1000)",
  "x = tide.ones(3, {requires_grad = true}) y = (x * 2):exp():sum() node = y.grad_fn next = node.next_functions",
  "x = tide.ones(3, {requires_grad = true}) x:register_hook(function(g) return g * x end) y = (x * x):sum()",
  "x = tide.ones(3, {requires_grad = true}) y = x * 2 y:register_hook(function(g) return y end) y.grad_fn.metadata.me = y.grad_fn y.grad_fn:register_prehook(function() return x end)",
  "x = tide.ones(3, {requires_grad = true}) x:sum():backward() g = x.grad list = setmetatable({x, g}, {__mode = 'k'})",
  "local F = tide.autograd.Function {name = 'F', forward = function(ctx, x) ctx.x = x ctx:save_for_backward(x) return x * 2 end, backward = function(ctx, g) return g end} x = tide.ones(3, {requires_grad = true}) y = F(x)",
  "co = coroutine.create(function() local _ <close> = tide.no_grad() coroutine.yield() end) coroutine.resume(co)",
  "co = coroutine.wrap(function() tide.set_grad_enabled(false) coroutine.yield(tide.ones(2)) end) x = co()",
  "tide.scope(function() x = tide.ones(5):keep() end)",
  "x = tide.ones(4, {requires_grad = true}) v = x.data[2] w = (x * 1)[{{1, 2}}] w:mul_(3)",
  /* finalizers that use tide while the state closes; the first is older than what it uses, and runs last */
  "setmetatable({}, {__gc = function() x = tide.ones(3) late = x + 1 end}) for i = 1, 10 do keep = setmetatable({}, {__gc = function() (tide.ones(2, {requires_grad = true}) * 2):sum():backward() end}) end",
  "local x = tide.ones(3) setmetatable({x}, {__gc = function(t) t[1]:release() end}) setmetatable({x}, {__gc = function(t) assert(not pcall(tide.add, t[1], t[1])) end})"};

/* A finalizer that is older than tide runs after tide's own. */
static void older_finalizer(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  CHECK(!run(L, "result = {} old = setmetatable({}, {__gc = function() for _, f in ipairs(result) do pcall(f) end end})"), "%s", lua_tostring(L, -1));
  luaL_requiref(L, "tide", luaopen_tide, 1);
  lua_settop(L, 0);
  RUN(L, "local x = tide.ones(3, {requires_grad = true}) local y = x * 2 local n = y.grad_fn\n"
         "result = {function() return tide.ones(3) end, function() return x + 1 end, function() return tostring(x) end, function() return tostring(n) end, function() y:backward() end,\n"
         "  function() return tide.no_grad(function() return x * 2 end) end, function() tide.scope(function() return x end) end, function() return x.grad, x.shape, y.grad_fn, n.next_functions end,\n"
         "  function() x:register_hook(print) end, function() return tide.memory_stats() end, function() tide.manual_seed(1) end, function() return tide.float32.is_signed, tostring(tide.float32) end,\n"
         "  function() x[1] = 2 end, function() return #x, x.grad_fn end, function() local _ <close> = tide.no_grad() end, function() x:release() end}");
  lua_close(L);
}

/* A tensor that the host keeps outlives the state, and its context with it. */
static void kept(void) {
  lua_State *L = open_state();
  RUN(L, "w = tide.full({100}, 2.0, {requires_grad = true}) y = (w * w):sum()");
  lua_getglobal(L, "y");
  tide_Tensor *y = tide_retain(tide_lua_check(L, -1));
  lua_getglobal(L, "w");
  tide_Tensor *w = tide_retain(tide_lua_check(L, -1));
  lua_close(L);
  CHECK(tide_backward(1, &y, NULL, 0), "%s", tide_error(tide_context(y)));
  CHECK(tide_element(tide_get_grad(w), 99) == 4, "gradient %g", tide_element(tide_get_grad(w), 99));
  tide_release(y);
  tide_release(w);
}

static int twofold(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor **out) {
  (void)arg;
  out[0] = tide_mul(in[0], tide_number(c, 2));
  out[1] = tide_add(in[0], in[1]);
  return 1;
}
static int twofold_vjp(void *arg, tide_Context *c, tide_Tensor *const *in, tide_Tensor *const *out, tide_Tensor *const *g, tide_Tensor **gi) {
  (void)arg; (void)in; (void)out;
  gi[0] = tide_add(tide_mul(g[0], tide_number(c, 2)), g[1]);
  gi[1] = g[1];
  return 1;
}

static int push_defined(lua_State *L) { tide_lua_push_defined(L, lua_tostring(L, 1)); return 1; }

static void operators(void) {
  lua_State *L = open_state();
  const tide_Definition d = {sizeof d, "twofold", 2, 2, twofold, twofold_vjp, NULL, NULL};
  CHECK(tide_define(tide_lua_context(L), &d), "%s", tide_error(tide_lua_context(L)));
  lua_register(L, "defined", push_defined);
  RUN(L, "local f = defined 'twofold'\n"
         "local x = tide.ones(2, {requires_grad = true})\n"
         "local a, b = f(x, 3)\n"
         "assert(a:tolist()[1] == 2 and b:tolist()[2] == 4 and a.grad_fn.name(a.grad_fn) == 'twofoldBackward');\n"
         "(a + b):sum():backward() assert(x.grad:tolist()[1] == 3)\n"
         "local function fails(pattern, ...) local ok, e = pcall(f, ...) assert(not ok and e:find(pattern), e) end\n"
         "fails('twofold: 2 arguments', x) fails('twofold: argument 2: a tensor or number expected, got table', x, {}) fails('sizes', x, tide.ones(3))\n"
         "assert(not pcall(defined, 'nothing'))");
  lua_close(L);
}

static int checks(lua_State *L) { lua_pushinteger(L, tide_numel(tide_lua_check(L, 1))); return 1; }

/* Calls straight from C: the message has no line. Arguments of a host's own function are checked in Lua's way. */
static void from_c(void) {
  lua_State *L = open_state();
  lua_getglobal(L, "tide");
  lua_getfield(L, -1, "matmul");
  lua_pushinteger(L, 1);
  lua_pushinteger(L, 2);
  CHECK(lua_pcall(L, 2, 1, 0) == LUA_ERRRUN && !strncmp(lua_tostring(L, -1), "matmul: ", 8), "'%s'", lua_tostring(L, -1));
  lua_settop(L, 0);
  tide_lua_push(L, NULL);
  tide_lua_push(L, TIDE_NONE);
  CHECK(lua_isnil(L, 1) && lua_isnil(L, 2) && !tide_lua_test(L, 1), "NULL and TIDE_NONE are nil");
  lua_settop(L, 0);
  lua_register(L, "checks", checks);
  RUN(L, "assert(checks(tide.ones(2, 3)) == 6) local x = tide.ones(1) x:release()\n"
         "for _, v in ipairs {1, 'x', {}, io.stdout, x, false} do local ok, e = pcall(checks, v) assert(not ok, e) assert(e:find 'tensor') end");
  tide_Context *c = tide_lua_context(L);
  tide_Scope scope = tide_scope(c);
  tide_Tensor *w = tide_ones(c, (int64_t[]){2}, 1, -1);
  tide_set_requires_grad(w, 1);
  tide_lua_push(L, w);
  tide_lua_push(L, w);
  CHECK(lua_rawequal(L, 1, 2), "a leaf has two Lua objects");
  lua_settop(L, 0);
  tide_close(c, scope, NULL);

  /* a hook of Lua's, called by a backward of the host's; its error is tide's */
  RUN(L, "x = tide.ones(2, {requires_grad = true}) x:register_hook(function(g) seen = g:sum():item() end) y = (x * 3):sum()");
  lua_getglobal(L, "y");
  tide_Tensor *y = tide_lua_check(L, -1);
  CHECK(tide_backward(1, &y, NULL, TIDE_RETAIN_GRAPH), "%s", tide_error(c));
  RUN(L, "assert(seen == 6) x:register_hook(function() error 'no' end)");
  CHECK(!tide_backward(1, &y, NULL, 0) && tide_error_code(c) == TIDE_ECALLBACK, "a hook's error was lost");
  tide_clear_error(c);
  RUN(L, "assert((x + 1):sum():item() == 4)");
  lua_close(L);
}

/* Memory runs out in the host's own call, after the coroutine that called tide last is dead. */
static void dead_coroutine(void) {
  lua_State *L = open_state();
  RUN(L, "local co = coroutine.create(function() for i = 1, 10 do local _ = tide.ones(1000) end end) coroutine.resume(co) co = nil\n"
         "collectgarbage() collectgarbage() garbage = {} for i = 1, 100 do garbage[i] = coroutine.create(print) end garbage = nil");
  tide_Context *c = tide_lua_context(L);
  tide_set_memory_limit(c, tide_memory_stats(c).live_bytes + (1 << 20));
  tide_Scope scope = tide_scope(c);
  CHECK(!tide_zeros(c, (int64_t[]){1 << 20}, 1, -1) && tide_error_code(c) == TIDE_NOMEM, "no limit");
  tide_clear_error(c);
  tide_close(c, scope, NULL);
  RUN(L, "tide.set_memory_limit(0) assert(tide.ones(2 ^ 20):sum():item() == 2 ^ 20)");
  lua_close(L);
}

static void *work(void *arg) {
  double *result = arg;
  lua_State *L = open_state();
  const char *e = run(L,
    "tide.manual_seed(3)\n"
    "local x, w = tide.randn(20, 5), tide.randn(5, 1):requires_grad_()\n"
    "for i = 1, 200 do\n"
    "  local loss = (x:matmul(w):sigmoid() - 0.3):square():mean()\n"
    "  w.grad = nil loss:backward()\n"
    "  tide.no_grad(function() w:sub_(w.grad) end)\n"
    "  result = loss:item()\n"
    "end");
  if (e) printf("in a thread: %s\n", e);
  lua_getglobal(L, "result");
  *result = lua_tonumber(L, -1);
  lua_close(L);
  return NULL;
}

static void threads(void) {
  enum { N = 4 };
  pthread_t thread[N];
  double result[N] = {0};
  for (int i = 0; i < N; i++) if (pthread_create(&thread[i], NULL, work, &result[i])) { CHECK(0, "no thread"); return; }
  for (int i = 0; i < N; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < N; i++) CHECK(result[i] > 0 && result[i] == result[0], "thread %d found %.17g, the first %.17g", i, result[i], result[0]);
}

/* A second thread interrupts a loop of Lua's that never ends by itself. */
typedef struct Clock { tide_Context *c; volatile int *done; } Clock;
static void *ring(void *arg) {
  Clock *k = arg;
  while (!__atomic_load_n(k->done, __ATOMIC_RELAXED)) tide_interrupt(k->c);
  return NULL;
}

static void interrupted(void) {
  lua_State *L = open_state();
  int done = 0;
  Clock k = {tide_lua_context(L), &done};
  pthread_t thread;
  if (pthread_create(&thread, NULL, ring, &k)) { CHECK(0, "no thread"); return; }
  const char *e = run(L, "local x = tide.ones(100, {requires_grad = true}) while true do x = x * 1 end");
  CHECK(e && strstr(e, "interrupted"), "'%s'", e ? e : "no error");
  __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
  pthread_join(thread, NULL);
  run(L, "tide.ones(1)");                                     /* (it may be rung once more) */
  RUN(L, "assert(tide.ones(2):sum():item() == 2)");
  lua_close(L);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  twice();
  several();
  for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) closing(lives[i]);
  older_finalizer();
  kept();
  operators();
  from_c();
  dead_coroutine();
  threads();
  interrupted();
  return failures != 0;
}
