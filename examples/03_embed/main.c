/*
** A host that embeds tide: it has measurements of its own, lets a Lua script fit a line to them, and reads the result.
**
**   cc main.c -o embed $(pkg-config --cflags --libs tide_lua lua5.4)      (or the CMake target tide::tide_lua)
**
** tide is inside the program: no file of it is needed. The measurements are handed over uncopied. A script that fails does no harm.
*/
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <tide_lua.h>

#define SAMPLES 64

/* The measurements: two columns, x and y = 3 x - 1 with a little noise. They belong to the host. */
static float samples[SAMPLES][2];

static const char script[] =
  "local tide = require 'tide'\n"
  "local data = ...                                  -- the host's memory\n"
  "local x, y = data[{{}, 1}], data[{{}, 2}]\n"
  "local slope = tide.zeros(1, {requires_grad = true})\n"
  "local offset = tide.zeros(1, {requires_grad = true})\n"
  "for step = 1, 300 do\n"
  "   local loss = ((x * slope + offset - y) ^ 2):mean()\n"
  "   loss:backward()\n"
  "   local _ <close> = tide.no_grad()\n"
  "   for _, p in ipairs {slope, offset} do p:sub_(p.grad * 0.3); p.grad = nil end\n"
  "end\n"
  "return tide.cat({slope, offset}):detach()\n";

static const char broken[] = "local tide = require 'tide'; return tide.ones(2, 3):matmul(tide.ones(2, 3))";

/* Everything that may raise a Lua error runs in here, protected. */
static int run(lua_State *L) {
  const char *source = lua_tostring(L, 1);
  luaL_requiref(L, "tide", luaopen_tide, 0);
  lua_pop(L, 1);
  if (luaL_loadbuffer(L, source, strlen(source), "=script") != LUA_OK) return lua_error(L);
  tide_Context *c = tide_lua_context(L);
  tide_Scope scope = tide_scope(c);
  tide_lua_push(L, tide_from_memory(c, samples, TIDE_FLOAT32, 2, (int64_t[]){SAMPLES, 2}, NULL, NULL, NULL));
  tide_close(c, scope, NULL);
  lua_call(L, 1, 1);
  return 1;
}

static int call(lua_State *L, const char *source) {
  lua_settop(L, 0);
  lua_pushcfunction(L, run);
  lua_pushstring(L, source);
  return lua_pcall(L, 1, 1, 0) == LUA_OK;
}

int main(void) {
  for (int i = 0; i < SAMPLES; i++) {
    float x = (float)i / (SAMPLES - 1);
    samples[i][0] = x;
    samples[i][1] = 3 * x - 1 + 0.01f * (float)((i * 37) % 11 - 5);
  }
  lua_State *L = luaL_newstate();
  if (!L) return 1;
  luaL_openlibs(L);

  if (call(L, broken)) return 1;
  printf("as it should, the script failed: %s\n", lua_tostring(L, -1));

  if (!call(L, script)) { fprintf(stderr, "%s\n", lua_tostring(L, -1)); return 1; }
  tide_Tensor *result = tide_lua_test(L, -1);         /* lent: it lives as long as the Lua value */
  if (!result) return 1;
  const float *line = tide_data(result);
  printf("y = %.3f x %+.3f\n", line[0], line[1]);
  int right = fabsf(line[0] - 3) < 0.05f && fabsf(line[1] + 1) < 0.05f;

  lua_close(L);
  return right ? 0 : 1;
}
