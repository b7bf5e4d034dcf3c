/*
** Out of memory under Lua. Each step of a script - training, a hook, a custom function, a write to a view, indexing, printing, a coroutine,
** an error path - is run with its n-th request to Lua's allocator refused, for every n, and with its n-th request to the core's; opening tide
** is, at a sample of its thousands. Each refusal must be a Lua error, what failed must work when it is tried again with memory at hand and give
** the same text, and both allocators must get everything back.
**
** Lua asks again after an emergency collection; so what is refused is a request as often as it is repeated, or all from the n-th on.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "tide_lua.h"

typedef struct Memory {
  long blocks, bytes, asked, refuse_at, refusals;
  int for_good;
  size_t refused;
} Memory;

static int refuses(Memory *m, size_t size) {
  if (!m->refuse_at) return 0;
  int again = m->refusals && m->refused == size && m->asked == m->refuse_at;
  if (!again) m->asked++;
  if (!again && m->asked != m->refuse_at && !(m->for_good && m->asked > m->refuse_at)) return 0;
  m->refused = size;
  m->refusals++;
  return 1;
}

static void *allocate(void *ud, void *p, size_t osize, size_t nsize) {
  Memory *m = ud;
  if (!p) osize = 0;                                        /* (it says what kind of object Lua makes) */
  if (nsize > osize && refuses(m, nsize)) return NULL;
  m->blocks += (nsize != 0) - (p != NULL);
  m->bytes += (long)nsize - (long)osize;
  if (nsize) return realloc(p, nsize);
  free(p);
  return NULL;
}

/* A table of steps, each of which gives text, the same whenever it is run after those before it; what one leaves to others it puts into `self` at its end. */
static const char script[] =
  "local tide = require 'tide'\n"
  "local function ramp(...) local x = tide.arange(1, 1 + select(1, ...) * select(2, ...)):view(...) return ((x * 37) % 97 - 48) / 64 end\n"
  "local self, steps = {}, {}\n"
  "steps.a_weights = function()\n"
  "  local w, b = ramp(5, 3):requires_grad_(), tide.zeros(3, {requires_grad = true})\n"
  "  self.x, self.t, self.w, self.b = ramp(8, 5), ramp(8, 3), w, b\n"
  "  return tostring(w)\n"
  "end\n"
  "steps.b_train = function()\n"
  "  self.w.grad, self.b.grad = nil, nil\n"
  "  tide.no_grad(function() self.w:copy_(ramp(5, 3)) end)\n"
  "  local loss = ((self.x:matmul(self.w) + self.b):tanh() - self.t):square():mean()\n"
  "  loss:backward()\n"
  "  self.gw, self.gb = self.w.grad, self.b.grad\n"
  "  return tostring(loss) .. tostring(self.gw)\n"
  "end\n"
  "steps.c_update = function() tide.no_grad(function() self.w:copy_(ramp(5, 3)) self.w:sub_(self.gw * 0.1) end) return tostring(self.w) end\n"
  "steps.d_hook = function()\n"
  "  self.w.grad = nil\n"
  "  local seen = 0\n"
  "  local h = self.w * 2\n"
  "  local handle = h:register_hook(function(g) seen = seen + 1 return g * 3 end)\n"
  "  local leaf <close> = self.w:register_hook(function(g) seen = seen + 1 end)\n"
  "  h:sum():backward()\n"
  "  handle:remove()\n"
  "  return seen .. tostring(self.w.grad)\n"
  "end\n"
  "steps.e_function = function()\n"
  "  local Cube = tide.autograd.Function {name = 'Cube',\n"
  "    forward = function(ctx, x) ctx:save_for_backward(x) return x * x * x end,\n"
  "    backward = function(ctx, g) local x = ctx:saved_tensors() return g * x * x * 3 end}\n"
  "  local g = tide.autograd.grad(Cube(self.w):sum(), self.w, {create_graph = true})\n"
  "  return tostring(g) .. tostring((tide.autograd.grad(g:sum(), self.w)))\n"
  "end\n"
  "steps.f_view = function()\n"
  "  local y = self.w * 2\n"
  "  y[2] = 1\n"
  "  y[{{}, 3}]:mul_(self.b[1])\n"
  "  y.T[1]:copy_(self.w[{{}, 2}])\n"
  "  return tostring((tide.autograd.grad(y:square():sum(), self.w)))\n"
  "end\n"
  "steps.g_index = function()\n"
  "  local i = tide.tensor {3, 1, 3}\n"
  "  local y = self.w[i] + self.w[{{1, 3}, {1, -1, 1}}]\n"
  "  y[y:gt(0)] = 0\n"
  "  local parts = y:split(1)\n"
  "  local values, places = y:max(1)\n"
  "  return tostring(y) .. #parts .. tostring(values) .. tostring(places) .. tostring(self.w[self.w:gt(0)]) .. tostring(y.shape)\n"
  "end\n"
  "steps.h_scope = function()\n"
  "  local kept\n"
  "  local out = tide.scope(function() kept = (self.w * 2):keep() local t = self.w + 1 return {t * t} end)\n"
  "  return tostring(out[1]) .. tostring(kept)\n"
  "end\n"
  "steps.i_coroutine = function()\n"
  "  local co = coroutine.wrap(function() local _ <close> = tide.no_grad() for i = 1, 3 do coroutine.yield((self.w * i):sum()) end end)\n"
  "  return tostring(co()) .. tostring(co()) .. tostring((self.w * 2).requires_grad)\n"
  "end\n"
  "steps.j_lists = function()\n"
  "  local list = {}\n"
  "  for i = 1, 20 do list[i] = self.w[1] * i end\n"
  "  local t = tide.tensor {{1, 2}, {3.5, 4}}\n"
  "  return tostring(tide.stack(list):sum(1)) .. table.concat(t:tolist()[2], ' ') .. tostring(tide.cat({t, t}, 2))\n"
  "end\n"
  "steps.k_errors = function()\n"
  "  local function message(f, ...) local ok, e = pcall(f, ...) assert(not ok) if tostring(e):find 'memory' then error(e, 0) end return tostring(e) .. '\\n' end\n"
  "  local h = self.w * 1\n"
  "  h:register_hook(function() error {} end)\n"
  "  local ok, e = pcall(h.sum(h).backward, h:sum())\n"
  "  if type(e) ~= 'table' then error(e, 0) end\n"
  "  return message(tide.add, self.x, self.w) .. message(tide.sum, self.x, {dims = 1}) .. message(function() return self.x[9] end) .. message(tide.ones, {1, 'x'})\n"
  "end\n"
  "local names = {}\n"
  "for name in pairs(steps) do names[#names + 1] = name end\n"
  "table.sort(names)\n"
  "return function(k) return names[k], names[k] and steps[names[k]]() end\n";

#define MOST 16

typedef struct Host {
  Memory memory[2];            /* Lua's, tide's */
  lua_State *L;
} Host;

static char *expected[MOST];
static int nsteps;

/* Opens tide and libraries, runs the script: leaves the function that runs steps. */
static int setup(lua_State *L) {
  Host *h = lua_touserdata(L, 1);
  const tide_Config config = {.size = sizeof config, .alloc = allocate, .ud = &h->memory[1]};
  if (!tide_lua_context(L)) tide_lua_open(L, &config);
  luaL_openlibs(L);
  luaL_requiref(L, "tide", luaopen_tide, 0);
  lua_pop(L, 1);
  if (luaL_loadbuffer(L, script, sizeof script - 1, "=script") != LUA_OK) return lua_error(L);
  lua_call(L, 0, 1);
  return 1;
}

/* Calls the function under the top with the argument at the top, once more after a refusal by m: 1, or 0 (and says why). The results take their place. */
static int attempt(lua_State *L, Memory *m, const char *what, int results) {
  int top = lua_gettop(L);
  for (int again = 0; again < 2; again++) {
    long refusals = m->refusals;
    lua_pushvalue(L, top - 1);
    lua_pushvalue(L, top);
    int status = lua_pcall(L, 1, results, 0);
    if (status == LUA_OK) { lua_rotate(L, top - 1, results); lua_pop(L, 2); return 1; }
    const char *e = lua_tostring(L, -1);
    if (m->refusals == refusals || !e || !strstr(e, "memory")) { printf("%s: %s\n", what, e ? e : "an error that is no string"); return 0; }
    lua_settop(L, top);
    m->refuse_at = 0;
  }
  printf("%s: fails with memory at hand\n", what);
  return 0;
}

static void refuse(Memory *m, long n, int for_good) {
  m->asked = m->refusals = 0;
  m->refuse_at = n;
  m->for_good = for_good;
}

/* A Lua state with everything open; m (with its refusal set) may be NULL. The function that runs steps is at the top. */
static int open_host(Host *h, Memory *m) {
  h->L = lua_newstate(allocate, &h->memory[0]);
  if (!h->L && m) { m->refuse_at = 0; h->L = lua_newstate(allocate, &h->memory[0]); }
  if (!h->L) return 0;
  lua_pushcfunction(h->L, setup);
  lua_pushlightuserdata(h->L, h);
  return attempt(h->L, m ? m : &h->memory[0], "opening", 1);
}

static int close_host(Host *h) {
  lua_close(h->L);
  Memory *a = &h->memory[0], *b = &h->memory[1];
  if (!a->blocks && !a->bytes && !b->blocks && !b->bytes) return 1;
  printf("left: %ld blocks, %ld bytes of Lua's, %ld blocks, %ld bytes of tide's\n", a->blocks, a->bytes, b->blocks, b->bytes);
  return 0;
}

/* Step k: its text must be the one that is expected (or becomes it). *more: there is such a step. */
static int step(Host *h, int k, Memory *m, int *more) {
  lua_State *L = h->L;
  char what[40];
  lua_pushvalue(L, -1);
  lua_pushinteger(L, k);
  snprintf(what, sizeof what, "step %d", k);
  if (!attempt(L, m, what, 2)) return 0;
  *more = !lua_isnil(L, -2);
  const char *text = *more ? lua_tostring(L, -1) : "";
  int ok = 1;
  if (!expected[k - 1]) expected[k - 1] = strcpy(malloc(strlen(text) + 1), text);
  else if (strcmp(expected[k - 1], text)) ok = (printf("%s: instead of\n%s\ncame\n%s\n", what, expected[k - 1], text), 0);
  lua_pop(L, 2);
  return ok;
}

static int all_steps(Host *h) {
  int ok = 1, more = 1;
  for (int k = 1; ok && more; k++) { ok = step(h, k, &h->memory[0], &more); if (more) nsteps = k; }
  return ok;
}

/* Opening, with the n-th request to `which` refused. */
static int refuse_opening(int which, long n, int for_good) {
  Host h = {.L = NULL};
  refuse(&h.memory[which], n, for_good);
  return open_host(&h, &h.memory[which]) && all_steps(&h) && close_host(&h);
}

/* Every request of step k to `which`, in one state. Returns how many, or -1. */
static long refuse_step(Host *h, int k, int which, int for_good) {
  Memory *m = &h->memory[which];
  for (long n = 1;; n++) {
    int more;
    refuse(m, n, for_good);
    int ok = step(h, k, m, &more), refused = m->refusals > 0;
    m->refuse_at = 0;
    if (!ok) { printf("request %ld of %s refused%s\n", n, which ? "tide" : "Lua", for_good ? ", and all after it" : ""); return -1; }
    if (!refused) return n - 1;
  }
}

int main(void) {
  Host h = {.L = NULL};
  long opening[2], refused[2] = {0, 0};
  for (int which = 0; which < 2; which++) refuse(&h.memory[which], 1L << 40, 0);         /* (counts) */
  if (!open_host(&h, NULL)) return 1;
  for (int which = 0; which < 2; which++) { opening[which] = h.memory[which].asked; h.memory[which].refuse_at = 0; }
  if (!all_steps(&h)) return 1;
  for (int k = 1; k <= nsteps; k++)
    for (int pass = 0; pass < 4; pass++) {
      long n = refuse_step(&h, k, pass & 1, pass >> 1);
      if (n < 0) return 1;
      refused[pass & 1] += n;
    }
  if (!all_steps(&h) || !close_host(&h)) return 1;
  for (int pass = 0; pass < 4; pass++)
    for (long n = 1, which = pass & 1; n <= opening[which]; n += which ? 1 : 71)
      if (!refuse_opening((int)which, n, pass >> 1)) { printf("request %ld of opening by %s refused\n", n, which ? "tide" : "Lua"); return 1; }
  if (nsteps < 11 || refused[0] < 500 || refused[1] < 500) { printf("only %d steps, %ld and %ld requests\n", nsteps, refused[0], refused[1]); return 1; }
  for (int k = 0; k < MOST; k++) free(expected[k]);
  return 0;
}
