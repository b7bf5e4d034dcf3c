/*
** Optimisers in Lua: a step over the parameters of a group, which are collected here so that Lua has no loop of its own.
**
**   core.optim.adam(group, state)      group: {params = {...}, lr = ...}; state: parameter -> {step = ..., exp_avg = ...}, filled where it lacks
**   core.optim.zero_grad(params)
*/
#include "lua/binding.h"

enum { GROUP = 1, STATE_TABLE, PARAMS, LIST };          /* places on the stack */
#define FEW 16

typedef struct Job {
  int rule, count;                           /* count: parameters with a grad */
  double numbers[TIDE_OPTIM_NUMBERS];
  tide_Update *list;                         /* of these */
} Job;

static void read_numbers(lua_State *L, State *S, Job *job) {
  for (int i = 0; i < TIDE_OPTIM_NUMBERS; i++) {
    int item;
    const char *name = tide_optim_number(job->rule, i, &item);
    job->numbers[i] = 0;
    if (!name) continue;
    int type = lua_getfield(L, GROUP, name);
    if (item) {
      if (type != LUA_TTABLE) tide__error(L, S, "step: '%s' of a parameter group: a list of numbers expected, got %s", name, tide__typename(L, -1));
      type = lua_geti(L, -1, item);
    }
    if (type == LUA_TNUMBER) job->numbers[i] = lua_tonumber(L, -1);
    else if (type == LUA_TBOOLEAN) job->numbers[i] = lua_toboolean(L, -1);
    else tide__error(L, S, "step: '%s' of a parameter group: a number expected, got %s", name, tide__typename(L, -1));
    lua_settop(L, PARAMS);
  }
}

/* Pushes parameter i. */
static tide_Tensor *parameter(lua_State *L, State *S, int i) {
  lua_rawgeti(L, PARAMS, i);
  tide_Tensor *t = tide__test(L, -1);
  if (unlikely(!t)) tide__error(L, S, "step: 'params' of a parameter group: entry %d: a tensor expected, got %s", i, tide__typename(L, -1));
  return t;
}

/* Fills the list; 0 where a state is missing. Makes nothing, so that no finalizer runs and what was found stays. */
static int collect(lua_State *L, State *S, Job *job, int n) {
  job->count = 0;
  for (int i = 1; i <= n; i++, lua_settop(L, LIST)) {
    tide_Tensor *t = parameter(L, S, i);
    if (!tide_get_grad(t)) continue;
    tide_Update *u = &job->list[job->count++];
    u->param = t;
    for (int k = 0; tide_optim_state(job->rule, k); k++) {
      if (!tide_optim_has(job->rule, k, job->numbers)) continue;
      if (lua_gettop(L) == LIST + 1) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, STATE_TABLE) != LUA_TTABLE) return 0;
        if (lua_getmetatable(L, LIST + 2)) return tide__error(L, S, "step: the state of parameter %d has a metatable", i);
      }
      if (lua_getfield(L, LIST + 2, tide_optim_state(job->rule, k)) == LUA_TNIL) return 0;
      if (!(u->state[k] = tide__test(L, -1))) return tide__error(L, S, "step: the state '%s' of parameter %d: a tensor expected, got %s", tide_optim_state(job->rule, k), i, tide__typename(L, -1));
      lua_pop(L, 1);
    }
  }
  return 1;
}

/* Makes the states that are missing. */
static void begin(lua_State *L, State *S, Job *job, int n) {
  int at = 0;
  for (int i = 1; i <= n; i++, lua_settop(L, LIST)) {
    tide_Tensor *t = parameter(L, S, i);
    if (!tide_get_grad(t)) continue;
    tide_Update *u = &job->list[at++];
    lua_pushvalue(L, -1);
    if (lua_rawget(L, STATE_TABLE) != LUA_TTABLE) {
      lua_pop(L, 1);
      lua_newtable(L);
      lua_pushvalue(L, LIST + 1);
      lua_pushvalue(L, -2);
      lua_rawset(L, STATE_TABLE);
    }
    for (int k = 0; tide_optim_state(job->rule, k); k++) {
      if (!tide_optim_has(job->rule, k, job->numbers)) continue;
      if (lua_getfield(L, LIST + 2, tide_optim_state(job->rule, k)) == LUA_TNIL) {
        tide__pace(L, S);
        Box *b = tide__push_box(L, S);
        b->keep = 1;
        tide__enter(L, S);
        tide_Scope scope = tide_scope(S->c);
        const char *outer = tide_set_function(S->c, "step");
        tide_Tensor *first = tide_optim_begin(job->rule, k, job->numbers, t);
        tide_set_function(S->c, outer);
        tide__finish(L, S, b, first, scope);
        lua_setfield(L, LIST + 2, tide_optim_state(job->rule, k));
        u->fresh = 1;
      }
      lua_settop(L, LIST + 2);
    }
  }
}

/* The step failed: momentum that would have begun with it goes again. */
static void undo(lua_State *L, State *S, const Job *job, int n) {
  int at = 0;
  if (job->rule != TIDE_OPTIM_SGD) return;
  for (int i = 1; i <= n; i++, lua_settop(L, LIST)) {
    if (!tide_get_grad(parameter(L, S, i)) || !job->list[at++].fresh) continue;
    lua_pushnil(L);
    lua_rawset(L, STATE_TABLE);
  }
}

/* upvalues: state, rule */
static int step(lua_State *L) {
  State *S = STATE(L);
  tide_Update few[FEW] = {{.fresh = 0}};
  Job job = {.rule = (int)lua_tointeger(L, lua_upvalueindex(2)), .list = few};
  lua_settop(L, STATE_TABLE);
  for (int i = GROUP; i <= STATE_TABLE; i++)
    if (!lua_istable(L, i)) return tide__error(L, S, "step: %s of the optimiser is no table but %s", i == GROUP ? "a parameter group" : "'state'", tide__typename(L, i));
  if (lua_getfield(L, GROUP, "params") != LUA_TTABLE) return tide__error(L, S, "step: 'params' of a parameter group: a list expected, got %s", tide__typename(L, -1));
  read_numbers(L, S, &job);
  int n = (int)lua_rawlen(L, PARAMS);
  if (n <= FEW) lua_pushnil(L);
  else {
    job.list = compat_newuserdata(L, (size_t)n * sizeof *job.list);
    memset(job.list, 0, (size_t)n * sizeof *job.list);
  }
  if (!collect(L, S, &job, n)) {
    lua_settop(L, LIST);
    begin(L, S, &job, n);
    if (!collect(L, S, &job, n)) return tide__error(L, S, "step: a state went while the step began");
  }
  tide__enter(L, S);
  const char *outer = tide_set_function(S->c, "step");
  int ok = tide_optim_step(S->c, job.rule, job.numbers, job.count, job.list);
  tide_set_function(S->c, outer);
  if (ok) return 0;
  undo(L, S, &job, n);
  return tide__raise(L, S);
}

static int zero_grad(lua_State *L) {
  State *S = STATE(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  tide__enter(L, S);
  for (int i = 1, n = (int)lua_rawlen(L, 1); i <= n; i++) {
    lua_rawgeti(L, 1, i);
    tide_Tensor *t = tide__test(L, -1);
    if (t) tide_set_grad(t, NULL);
    lua_pop(L, 1);
  }
  return 0;
}

void tide__open_optim(lua_State *L, State *S, int module) {
  static const char *const names[TIDE_OPTIM_RULES] = {"sgd", "adam", "rmsprop", "adagrad", "adamax", "nadam", "radam"};
  static const luaL_Reg functions[] = {{"zero_grad", zero_grad}, {NULL, NULL}};
  lua_newtable(L);
  tide__register(L, S, -1, functions);
  for (int i = 0; i < TIDE_OPTIM_RULES; i++) {
    lua_pushlightuserdata(L, S);
    lua_pushinteger(L, i);
    lua_pushcclosure(L, step, 2);
    lua_setfield(L, -2, names[i]);
  }
  lua_setfield(L, module, "optim");
}
