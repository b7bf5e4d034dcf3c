/*
** Tensors in Lua: making them from tables, fields, what is not an operator, dtypes and sizes.
*/
#include <math.h>
#include <stdio.h>

#include "lua/binding.h"


/* {======================== dtypes ======================== */

int tide__test_dtype(lua_State *L, State *S, int i) {
  int *d = lua_touserdata(L, i);
  if (!d || !lua_getmetatable(L, i)) return -1;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->dtype_mt);
  int ok = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return ok ? *d : -1;
}

void tide__push_dtype(lua_State *L, State *S, int dtype) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->dtypes);
  lua_rawgeti(L, -1, dtype);
  lua_remove(L, -2);
}

static int dtype_tostring(lua_State *L) {
  int d = tide__test_dtype(L, STATE(L), 1);
  if (d < 0) return tide__error(L, STATE(L), "tostring: a dtype is expected, got %s", tide__typename(L, 1));
  lua_pushfstring(L, "tide.%s", tide_dtype_name(d));
  return 1;
}

static int dtype_index(lua_State *L) {
  int d = tide__test_dtype(L, STATE(L), 1);
  const char *key = lua_tostring(L, 2);
  if (d < 0 || !key) lua_pushnil(L);
  else if (!strcmp(key, "is_floating_point")) lua_pushboolean(L, tide_dtype_is_float(d));
  else if (!strcmp(key, "is_signed")) lua_pushboolean(L, d != TIDE_UINT8 && d != TIDE_BOOL);
  else if (!strcmp(key, "itemsize")) lua_pushinteger(L, (lua_Integer)tide_dtype_size(d));
  else lua_pushnil(L);
  return 1;
}

static const luaL_Reg dtype_events[] = {{"__tostring", dtype_tostring}, {"__index", dtype_index}, {NULL, NULL}};

static void open_dtypes(lua_State *L, State *S, int module) {
  static const struct { const char *alias; int dtype; } aliases[] = {
    {"float", TIDE_FLOAT32}, {"double", TIDE_FLOAT64}, {"long", TIDE_INT64}, {"int", TIDE_INT32}, {"short", TIDE_INT16}, {"byte", TIDE_UINT8}};
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->dtypes);
  if (lua_rawgeti(L, -1, 0) == LUA_TNIL) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->dtype_mt);
    tide__register(L, S, -1, dtype_events);
    lua_pushliteral(L, "dtype"); lua_setfield(L, -2, "__name");
    for (int d = 0; d < TIDE_NDTYPES; d++) {
      *(int *)compat_newuserdata(L, sizeof(int)) = d;
      lua_pushvalue(L, -2);
      lua_setmetatable(L, -2);
      lua_rawseti(L, -4, d);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  for (int d = 0; d < TIDE_NDTYPES; d++) { lua_rawgeti(L, -1, d); lua_setfield(L, module, tide_dtype_name(d)); }
  for (size_t k = 0; k < sizeof aliases / sizeof *aliases; k++) { lua_rawgeti(L, -1, aliases[k].dtype); lua_setfield(L, module, aliases[k].alias); }
  lua_pop(L, 1);
}

/* }========================================================= */


/* {======================== sizes ======================== */

static const char size_key = 'z';       /* where a Size keeps its numbers */

void tide__push_size(lua_State *L, State *S, int n, const int64_t *sizes) {
  lua_createtable(L, 0, 1);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) { lua_pushinteger(L, sizes[i]); lua_rawseti(L, -2, i + 1); }
  lua_rawsetp(L, -2, &size_key);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->size_mt);
  lua_setmetatable(L, -2);
}

/* Pushes the numbers of the Size at i: 1, or 0 and nothing pushed if it is none. */
static int push_numbers(lua_State *L, int i) {
  if (!lua_istable(L, i)) return 0;
  if (lua_rawgetp(L, i, &size_key) == LUA_TTABLE) return 1;
  lua_pop(L, 1);
  return 0;
}

int tide__to_sizes(lua_State *L, State *S, int i, int64_t *out, int max) {
  (void)S;
  if (!push_numbers(L, i)) return -1;
  int n = (int)lua_rawlen(L, -1);
  if (n > max) n = max;
  for (int k = 0; k < n; k++) { lua_rawgeti(L, -1, k + 1); out[k] = lua_tointeger(L, -1); lua_pop(L, 1); }
  lua_pop(L, 1);
  return n;
}

static int size_index(lua_State *L) {
  State *S = STATE(L);
  if (lua_type(L, 2) == LUA_TNUMBER && push_numbers(L, 1)) {
    lua_Integer k = lua_tointeger(L, 2), n = (lua_Integer)lua_rawlen(L, -1);
    lua_rawgeti(L, -1, k < 0 ? k + n + 1 : k);
    return 1;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->size_mt);
  lua_getfield(L, -1, "methods");
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  return 1;
}
static int size_newindex(lua_State *L) { return tide__error(L, STATE(L), "a Size cannot be changed"); }
static int size_len(lua_State *L) { lua_pushinteger(L, push_numbers(L, 1) ? (lua_Integer)lua_rawlen(L, -1) : 0); return 1; }
static int size_eq(lua_State *L) {
  int equal = push_numbers(L, 1) && push_numbers(L, 2) && lua_rawlen(L, -1) == lua_rawlen(L, -2);
  for (lua_Integer k = 1; equal && k <= (lua_Integer)lua_rawlen(L, -1); k++) {
    lua_rawgeti(L, -2, k);
    lua_rawgeti(L, -2, k);
    equal = lua_tointeger(L, -1) == lua_tointeger(L, -2);
    lua_pop(L, 2);
  }
  lua_pushboolean(L, equal);
  return 1;
}
static int size_tostring(lua_State *L) {
  luaL_Buffer b;
  if (!push_numbers(L, 1)) return 0;
  int numbers = lua_gettop(L);
  luaL_buffinit(L, &b);
  luaL_addstring(&b, "tide.Size([");
  for (lua_Integer k = 1; k <= (lua_Integer)lua_rawlen(L, numbers); k++) {
    if (k > 1) luaL_addstring(&b, ", ");
    lua_rawgeti(L, numbers, k);
    luaL_addvalue(&b);
  }
  luaL_addstring(&b, "])");
  luaL_pushresult(&b);
  return 1;
}
/* x .. "text": what prints is joined as it prints; what Lua does not concatenate is an error, as in Lua. */
static int concat(lua_State *L) {
  for (int i = 1; i <= 2; i++)
    if (!lua_isstring(L, i) && luaL_getmetafield(L, i, "__tostring") == LUA_TNIL) return tide__error(L, STATE(L), "..: a string expected, got %s", tide__typename(L, i));
  luaL_tolstring(L, 1, NULL);
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
  return 1;
}
static int size_next(lua_State *L) {
  lua_Integer k = lua_tointeger(L, 2) + 1;
  if (!push_numbers(L, 1) || k > (lua_Integer)lua_rawlen(L, -1)) return 0;
  lua_pushinteger(L, k);
  lua_rawgeti(L, -2, k);
  return 2;
}
static int size_pairs(lua_State *L) {
  lua_pushcfunction(L, size_next);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}
static int size_numel(lua_State *L) {
  lua_settop(L, 1);
  lua_Integer n = 1;
  if (push_numbers(L, 1)) for (lua_Integer k = 1; k <= (lua_Integer)lua_rawlen(L, 2); k++) { lua_rawgeti(L, 2, k); n *= lua_tointeger(L, -1); lua_pop(L, 1); }
  lua_pushinteger(L, n);
  return 1;
}
static int make_size(lua_State *L) {
  State *S = STATE(L);
  int64_t sizes[TIDE_MAXDIM];
  int n = lua_istable(L, 1) ? (int)luaL_len(L, 1) : -1;
  if (n < 0 || n > TIDE_MAXDIM) return tide__error(L, S, "Size: a list of at most %d whole numbers is expected", TIDE_MAXDIM);
  for (int k = 0; k < n; k++) {
    int ok;
    lua_geti(L, 1, k + 1);
    sizes[k] = lua_tointegerx(L, -1, &ok);
    if (!ok) return tide__error(L, S, "Size: element %d is no whole number", k + 1);
    lua_pop(L, 1);
  }
  tide__push_size(L, S, n, sizes);
  return 1;
}

/* }========================================================= */


/* {======================== from tables ======================== */

typedef struct Nest {
  lua_State *L;
  State *S;
  int ndim, kind;             /* kind: 0 bool, 1 integer, 2 float */
  int dtype;                  /* of tensors among the elements, -1 */
  int64_t shape[TIDE_MAXDIM];
  int64_t path[TIDE_MAXDIM];  /* for messages */
  int started;
  /* filling */
  int to;
  char *out;
} Nest;

static void push_path(Nest *n, int depth) {
  lua_pushliteral(n->L, "");
  for (int d = 0; d < depth; d++) { lua_pushfstring(n->L, "[%I]", (LUAI_UACINT)n->path[d]); lua_concat(n->L, 2); }
}

static int ragged(Nest *n, int depth, const char *what) {
  push_path(n, depth);
  return tide__error(n->L, n->S, "tensor: element %s %s", *lua_tostring(n->L, -1) ? lua_tostring(n->L, -1) : "", what);
}

/* One number: its kind goes into the dtype. */
static void scan_leaf(Nest *n, int depth) {
  lua_State *L = n->L;
  int kind = 0;
  char what[128];
  tide_Tensor *t = tide__test(L, -1);
  if (n->started && depth != n->ndim) {
    snprintf(what, sizeof what, "is a number, where a list of %lld is expected", (long long)n->shape[depth]);
    ragged(n, depth, what);
  }
  if (!n->started) { n->started = 1; n->ndim = depth; }
  if (t && tide_numel(t) == 1) {
    int d = tide_dtype(t);
    kind = tide_dtype_is_float(d) ? 2 : d != TIDE_BOOL;
    n->dtype = n->dtype < 0 ? d : tide_promote_types(n->dtype, d);
  }
  else switch (lua_type(L, -1)) {
    case LUA_TNUMBER: kind = lua_isinteger(L, -1) ? 1 : 2; break;
    case LUA_TBOOLEAN: kind = 0; break;
    default:
      snprintf(what, sizeof what, "is %s, neither a number nor a boolean", t ? "a tensor of several elements" : tide__typename(L, -1));
      ragged(n, depth, what);
  }
  if (kind > n->kind) n->kind = kind;
}

/* Finds shape and dtype of the table at the top. */
static void scan(Nest *n, int depth) {
  lua_State *L = n->L;
  char what[128];
  int64_t len = 0;
  int list = lua_istable(L, -1);
  if (list && push_numbers(L, lua_gettop(L))) lua_replace(L, -2);
  if (!list) { scan_leaf(n, depth); return; }
  if (depth == TIDE_MAXDIM) ragged(n, depth, "is nested too deeply");
  len = (int64_t)lua_rawlen(L, -1);
  if (n->started && depth >= n->ndim) ragged(n, depth, "is a list, where a number is expected");
  if (!n->started || n->shape[depth] < 0) n->shape[depth] = len;
  else if (n->shape[depth] != len) {
    snprintf(what, sizeof what, "has %lld entries, where %lld are expected", (long long)len, (long long)n->shape[depth]);
    ragged(n, depth, what);
  }
  if (len == 0) {
    lua_pushnil(L);
    if (lua_next(L, -2)) { lua_pop(L, 2); ragged(n, depth, "is a table without a sequence"); }
    if (!n->started) { n->started = 1; n->ndim = depth + 1; n->kind = 2; }
  }
  luaL_checkstack(L, 6, NULL);
  for (int64_t k = 1; k <= len; k++) {
    n->path[depth] = k;
    lua_rawgeti(L, -1, k);
    scan(n, depth + 1);
    lua_pop(L, 1);
  }
}

static int in_range(int dtype, lua_Integer v) {
  switch (dtype) {
    case TIDE_INT32: return v >= INT32_MIN && v <= INT32_MAX;
    case TIDE_INT16: return v >= INT16_MIN && v <= INT16_MAX;
    case TIDE_INT8: return v >= INT8_MIN && v <= INT8_MAX;
    case TIDE_UINT8: return v >= 0 && v <= UINT8_MAX;
    default: return 1;
  }
}

static void store(Nest *n, int depth) {
  lua_State *L = n->L;
  tide_Tensor *t = tide__test(L, -1);
  double d = 0;
  lua_Integer i = 0;
  int is_float = tide_dtype_is_float(n->to);
  if (t) { d = tide_element(t, 0); i = tide_element_integer(t, 0); }
  else if (lua_isboolean(L, -1)) d = (double)(i = lua_toboolean(L, -1));
  else if (lua_isinteger(L, -1)) { i = lua_tointeger(L, -1); d = (double)i; }
  else {
    d = lua_tonumber(L, -1);
    if (!is_float && n->to != TIDE_BOOL) {
      if (!(d >= -0x1p63 && d < 0x1p63)) ragged(n, depth, "does not fit into an integer");
      i = (lua_Integer)d;
    }
  }
  if (n->to == TIDE_BOOL) i = d != 0;
  if (!is_float && !in_range(n->to, i)) {
    char what[80];
    snprintf(what, sizeof what, "is %lld, which does not fit into %s", (long long)i, tide_dtype_name(n->to));
    ragged(n, depth, what);
  }
  switch (n->to) {
    case TIDE_FLOAT32: *(float *)n->out = (float)d; break;
    case TIDE_FLOAT64: *(double *)n->out = d; break;
    case TIDE_INT64: *(int64_t *)n->out = i; break;
    case TIDE_INT32: *(int32_t *)n->out = (int32_t)i; break;
    case TIDE_INT16: *(int16_t *)n->out = (int16_t)i; break;
    default: *(uint8_t *)n->out = (uint8_t)i; break;
  }
  n->out += tide_dtype_size(n->to);
}

static void store_all(Nest *n, int depth) {
  lua_State *L = n->L;
  if (depth == n->ndim) { store(n, depth); return; }
  if (push_numbers(L, lua_gettop(L))) lua_replace(L, -2);
  for (int64_t k = 1; k <= n->shape[depth]; k++) {
    n->path[depth] = k;
    lua_rawgeti(L, -1, k);
    store_all(n, depth + 1);
    lua_pop(L, 1);
  }
}

/* Reads {dtype =, requires_grad =} at index i. */
static void read_options(lua_State *L, State *S, int i, const char *function, int *dtype, int *requires_grad) {
  if (lua_isnoneornil(L, i)) return;
  if (!lua_istable(L, i)) tide__error(L, S, "%s: options are a table, not %s", function, tide__typename(L, i));
  lua_pushnil(L);
  while (lua_next(L, i)) {
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
    if (!strcmp(key, "dtype")) {
      *dtype = tide__test_dtype(L, S, -1);
      if (*dtype < 0) tide__error(L, S, "%s: 'dtype': a dtype expected, got %s", function, tide__typename(L, -1));
    }
    else if (!strcmp(key, "requires_grad")) {
      if (!lua_isboolean(L, -1)) tide__error(L, S, "%s: 'requires_grad': a boolean expected, got %s", function, tide__typename(L, -1));
      *requires_grad = lua_toboolean(L, -1);
    }
    else tide__error(L, S, "%s: there is no keyword '%s'", function, luaL_tolstring(L, -2, NULL));
    lua_pop(L, 1);
  }
}

/* tensor(data [, {dtype =, requires_grad =}]) */
static int make_tensor(lua_State *L) {
  State *S = STATE(L);
  int dtype = -1, requires_grad = 0;
  lua_settop(L, 2);
  read_options(L, S, 2, "tensor", &dtype, &requires_grad);
  if (lua_isnil(L, 1)) return tide__error(L, S, "tensor: argument 1 ('data'): a number, a boolean or nested lists are expected, got nil");
  Nest n = {.L = L, .S = S, .dtype = -1};
  tide_Tensor *source = tide__test(L, 1);
  lua_pushvalue(L, 1);
  if (!source) scan(&n, 0);
  if (source) n.to = dtype >= 0 ? dtype : tide_dtype(source);
  else if (dtype >= 0) n.to = dtype;
  else if (n.dtype >= 0) n.to = n.dtype;
  else n.to = n.kind == 2 ? tide_default_dtype(S->c) : n.kind == 1 ? TIDE_INT64 : TIDE_BOOL;
  if (requires_grad && !tide_dtype_is_float(n.to))
    return tide__error(L, S, "tensor: only tensors of a float dtype can require grad, this one is %s", tide_dtype_name(n.to));
  tide__pace(L, S);
  Box *b = tide__push_box(L, S);
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  if (source) {
    tide_Value v[2] = {{.t = tide_detach(source)}, {.i = n.to}};
    tide_Tensor *out[1] = {NULL}, **list, *t = NULL;
    int count;
    if (v[0].t && tide_call(tide_find_operator("cast"), S->c, v, out, &count, &list)) t = out[0];
    tide__finish(L, S, b, t, scope);
  }
  else {
    tide__finish(L, S, b, tide_from_data(S->c, n.to, n.ndim, n.shape, NULL), scope);
    n.out = tide_data(b->t);
    lua_pushvalue(L, 3);
    store_all(&n, 0);
    lua_pop(L, 1);
  }
  if (requires_grad) { tide_set_requires_grad(b->t, 1); tide__register_identity(L, S, -1); }
  return 1;
}

/* }========================================================= */


/* {======================== to Lua values ======================== */

static void push_element(lua_State *L, const tide_Tensor *t, int64_t offset) {
  int d = tide_dtype(t);
  if (d == TIDE_BOOL) lua_pushboolean(L, tide_element_integer(t, offset) != 0);
  else if (tide_dtype_is_float(d)) lua_pushnumber(L, tide_element(t, offset));
  else lua_pushinteger(L, tide_element_integer(t, offset));
}

static int item(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "item", "self");
  if (tide_numel(t) != 1) return tide__error(L, S, "item: the tensor has %lld elements, not one", (long long)tide_numel(t));
  push_element(L, t, 0);
  return 1;
}

static void push_list(lua_State *L, const tide_Tensor *t, int d, int64_t offset) {
  if (d == tide_ndim(t)) { push_element(L, t, offset); return; }
  int64_t n = tide_shape(t)[d], step = tide_strides(t)[d];
  luaL_checkstack(L, 4, NULL);
  lua_createtable(L, n < 1 << 30 ? (int)n : 0, 0);
  for (int64_t k = 0; k < n; k++) { push_list(L, t, d + 1, offset + k * step); lua_rawseti(L, -2, k + 1); }
}

static int tolist(lua_State *L) {
  push_list(L, tide__check(L, STATE(L), 1, "tolist", "self"), 0, 0);
  return 1;
}

static int tensor_tostring(lua_State *L) {
  State *S = STATE(L);
  Box *b = tide__test_box(L, 1);
  if (!b || !b->t) { lua_pushliteral(L, "tensor(released)"); return 1; }
  tide__format(L, b->t, &S->print, b->parameter);
  return 1;
}


/* The number at i, of a one-element tensor or a Lua number. */
static lua_Number comparable(lua_State *L, State *S, int i, const char *op, const char *method) {
  tide_Tensor *t = tide__test(L, i);
  if (t && tide_numel(t) == 1) return tide_element(t, 0);
  if (t) tide__error(L, S, "%s: compares single elements, this tensor has %lld; use x:%s(y) for all of them", op, (long long)tide_numel(t), method);
  if (tide__test_box(L, i)) tide__check(L, S, i, op, i == 1 ? "input" : "other");
  if (lua_type(L, i) != LUA_TNUMBER) tide__error(L, S, "%s: a tensor cannot be compared with %s", op, tide__typename(L, i));
  return lua_tonumber(L, i);
}
static int tensor_lt(lua_State *L) {
  State *S = STATE(L);
  lua_Number a = comparable(L, S, 1, "<", "lt"), b = comparable(L, S, 2, "<", "lt");
  lua_pushboolean(L, a < b);
  return 1;
}
static int tensor_le(lua_State *L) {
  State *S = STATE(L);
  lua_Number a = comparable(L, S, 1, "<=", "le"), b = comparable(L, S, 2, "<=", "le");
  lua_pushboolean(L, a <= b);
  return 1;
}

static int tensor_len(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "#", "self");
  if (tide_ndim(t) == 0) return tide__error(L, S, "#: a 0-dim tensor has no length");
  lua_pushinteger(L, tide_shape(t)[0]);
  return 1;
}

static int next_row(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "pairs", "self");
  lua_Integer k = lua_tointeger(L, 2) + 1;
  if (tide_ndim(t) == 0 || k > tide_shape(t)[0]) return 0;
  lua_pushinteger(L, k);
  lua_pushvalue(L, -1);
  lua_gettable(L, 1);
  return 2;
}
static int tensor_pairs(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "pairs", "self");
  if (tide_ndim(t) == 0) return tide__error(L, S, "pairs: a 0-dim tensor has no first dimension to walk");
  lua_pushlightuserdata(L, S);
  lua_pushcclosure(L, next_row, 1);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}

/* }========================================================= */


/* {======================== fields ======================== */

enum { F_SHAPE = 1, F_DTYPE, F_NDIM, F_REQUIRES_GRAD, F_GRAD, F_GRAD_FN, F_IS_LEAF, F_RETAINS_GRAD, F_OUTPUT_NR, F_VERSION, F_DATA, F_T, F_MT, F_BASE };

static const struct { const char *name; int field; } fields[] = {
  {"shape", F_SHAPE}, {"dtype", F_DTYPE}, {"ndim", F_NDIM}, {"requires_grad", F_REQUIRES_GRAD}, {"grad", F_GRAD}, {"grad_fn", F_GRAD_FN}, {"is_leaf", F_IS_LEAF},
  {"retains_grad", F_RETAINS_GRAD}, {"output_nr", F_OUTPUT_NR}, {"_version", F_VERSION}, {"data", F_DATA}, {"T", F_T}, {"mT", F_MT}, {"H", F_MT}, {"mH", F_MT}, {"_base", F_BASE}};

/* A one-input operator by its id. */
static tide_Tensor *derive(State *S, const char *id, tide_Tensor *t) {
  tide_Value v[2] = {{.t = t}, {.i = -1}};
  tide_Tensor *out[1] = {NULL}, **list;
  int n;
  return tide_call(tide_find_operator(id), S->c, v, out, &n, &list) ? out[0] : NULL;
}

static int push_derived(lua_State *L, State *S, tide_Tensor *t, int field) {
  tide__pace(L, S);
  Box *b = tide__push_box(L, S);
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  tide_Tensor *r = NULL;
  switch (field) {
    case F_DATA: r = tide_get_data(t); break;
    case F_T: r = derive(S, "numpy_T", t); break;
    case F_MT: r = derive(S, "mT", t); break;
  }
  return tide__finish(L, S, b, r, scope);
}

static int push_field(lua_State *L, State *S, tide_Tensor *t, int field) {
  int output = 0;
  switch (field) {
    case F_SHAPE: tide__push_size(L, S, tide_ndim(t), tide_shape(t)); return 1;
    case F_DTYPE: tide__push_dtype(L, S, tide_dtype(t)); return 1;
    case F_NDIM: lua_pushinteger(L, tide_ndim(t)); return 1;
    case F_REQUIRES_GRAD: lua_pushboolean(L, tide_requires_grad(t)); return 1;
    case F_IS_LEAF: lua_pushboolean(L, tide_is_leaf(t)); return 1;
    case F_RETAINS_GRAD: lua_pushboolean(L, tide_retains_grad(t)); return 1;
    case F_OUTPUT_NR:
      if (!tide_grad_fn(t, &output) && tide_error_code(S->c) != TIDE_OK) return tide__raise(L, S);
      lua_pushinteger(L, output + 1);
      return 1;
    case F_VERSION: {
      int64_t v = tide_version_of(t);
      if (v < 0) return tide__error(L, S, "_version: an inference tensor does not count its versions");
      lua_pushinteger(L, v);
      return 1;
    }
    case F_GRAD: {
      tide_Tensor *g = tide_get_grad(t);
      if (g) { tide__push_identity(L, S, g); return 1; }
      if (!tide_is_leaf(t) && !tide_retains_grad(t))
        tide__warn(L, S, "grad: the tensor is not a leaf, so backward does not fill its grad; call retain_grad() on it first");
      lua_pushnil(L);
      return 1;
    }
    case F_GRAD_FN: {
      S->L = L;
      tide_Node *n = tide_grad_fn(t, NULL);
      if (!n && tide_error_code(S->c) != TIDE_OK) return tide__raise(L, S);      /* a view that lost its history */
      tide__push_node(L, S, n);
      return 1;
    }
    case F_BASE: {
      tide_Tensor *base = tide_base(t);
      if (!base) { lua_pushnil(L); return 1; }
      tide__push_identity(L, S, base);
      return 1;
    }
    default: return push_derived(L, S, t, field);
  }
}

static const char *field_name(int field) {
  size_t k = 0;
  while (fields[k].field != field) k++;
  return fields[k].name;
}

/* upvalues: state, methods */
static int tensor_index(lua_State *L) {
  if (likely(lua_type(L, 2) == LUA_TSTRING)) {
    lua_settop(L, 2);
    int type = lua_gettable(L, lua_upvalueindex(2));
    if (likely(type != LUA_TLIGHTUSERDATA)) return 1;
    int field = (int)(intptr_t)lua_touserdata(L, -1);
    State *S = STATE(L);
    return push_field(L, S, tide__check(L, S, 1, field_name(field), "self"), field);
  }
  State *S = STATE(L);
  tide__check(L, S, 1, "[]", "self");
  return tide__index_get(L, S);
}

static int tensor_newindex(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "[]", "self"), *value = NULL;
  if (lua_type(L, 2) != LUA_TSTRING) return tide__index_set(L, S);
  const char *key = lua_tostring(L, 2);
  int is_grad = !strcmp(key, "grad"), is_data = !strcmp(key, "data"), is_flag = !strcmp(key, "requires_grad");
  if (!is_grad && !is_data && !is_flag) return tide__error(L, S, "a tensor has no field '%s' to set", key);
  if (is_flag && !lua_isboolean(L, 3)) return tide__error(L, S, "requires_grad: a boolean is expected, got %s", tide__typename(L, 3));
  if (is_data || (is_grad && !lua_isnil(L, 3))) value = tide__check(L, S, 3, key, key);
  tide__enter(L, S);
  const char *outer = tide_set_function(S->c, key);
  int ok = is_flag ? tide_set_requires_grad(t, lua_toboolean(L, 3)) : is_grad ? tide_set_grad(t, value) : tide_set_data(t, value);
  tide_set_function(S->c, outer);
  if (!ok) return tide__raise(L, S);
  if (is_flag && lua_toboolean(L, 3) && tide_is_leaf(t)) tide__register_identity(L, S, 1);
  if (is_grad && value) tide__register_identity(L, S, 3);
  return 0;
}

/* }========================================================= */


/* {======================== facts as methods ======================== */

static int size(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "size", "self");
  int nd = tide_ndim(t), strides = lua_toboolean(L, lua_upvalueindex(2));
  const int64_t *v = strides ? tide_strides(t) : tide_shape(t);
  if (lua_isnoneornil(L, 2)) {
    if (!strides) { tide__push_size(L, S, nd, v); return 1; }
    lua_createtable(L, nd, 0);
    for (int d = 0; d < nd; d++) { lua_pushinteger(L, v[d]); lua_rawseti(L, -2, d + 1); }
    return 1;
  }
  int ok;
  lua_Integer d = lua_tointegerx(L, 2, &ok);
  if (!ok || d == 0 || d > nd || d < -nd) return tide__error(L, S, "%s: dimension %s is out of range for a tensor of %d dimensions", strides ? "stride" : "size", luaL_tolstring(L, 2, NULL), nd);
  lua_pushinteger(L, v[d > 0 ? d - 1 : d + nd]);
  return 1;
}
static int numel(lua_State *L) { lua_pushinteger(L, tide_numel(tide__check(L, STATE(L), 1, "numel", "self"))); return 1; }
static int dim(lua_State *L) { lua_pushinteger(L, tide_ndim(tide__check(L, STATE(L), 1, "dim", "self"))); return 1; }
static int is_contiguous(lua_State *L) { lua_pushboolean(L, tide_is_contiguous(tide__check(L, STATE(L), 1, "is_contiguous", "self"))); return 1; }
static int storage_offset(lua_State *L) { lua_pushinteger(L, tide_storage_offset(tide__check(L, STATE(L), 1, "storage_offset", "self"))); return 1; }
static int element_size(lua_State *L) { lua_pushinteger(L, (lua_Integer)tide_dtype_size(tide_dtype(tide__check(L, STATE(L), 1, "element_size", "self")))); return 1; }
static int data_ptr(lua_State *L) { lua_pushinteger(L, (lua_Integer)(intptr_t)tide_data(tide__check(L, STATE(L), 1, "data_ptr", "self"))); return 1; }
static int is_floating_point(lua_State *L) { lua_pushboolean(L, tide_dtype_is_float(tide_dtype(tide__check(L, STATE(L), 1, "is_floating_point", "input")))); return 1; }
static int is_inference(lua_State *L) { lua_pushboolean(L, tide_is_inference(tide__check(L, STATE(L), 1, "is_inference", "self"))); return 1; }
static int is_view(lua_State *L) { lua_pushboolean(L, tide_is_view(tide__check(L, STATE(L), 1, "_is_view", "self"))); return 1; }
static int is_set_to(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *a = tide__check(L, S, 1, "is_set_to", "self"), *b = tide__check(L, S, 2, "is_set_to", "tensor");
  lua_pushboolean(L, tide_data(a) == tide_data(b) && tide_ndim(a) == tide_ndim(b) && !memcmp(tide_shape(a), tide_shape(b), 2 * sizeof(int64_t) * (size_t)tide_ndim(a)));
  return 1;
}

static int is_tensor(lua_State *L) { lua_pushboolean(L, tide__test_box(L, 1) != NULL); return 1; }

static int set_default_dtype(lua_State *L) {
  State *S = STATE(L);
  int d = tide__test_dtype(L, S, 1);
  if (d < 0 || !tide_dtype_is_float(d)) return tide__error(L, S, "set_default_dtype: a float dtype is expected, got %s", luaL_tolstring(L, 1, NULL));
  tide_set_default_dtype(S->c, d);
  return 0;
}
static int get_default_dtype(lua_State *L) { State *S = STATE(L); tide__push_dtype(L, S, tide_default_dtype(S->c)); return 1; }

static int set_printoptions(lua_State *L) {
  State *S = STATE(L);
  if (!tide__read_printoptions(L, 1, &S->print)) return tide__error(L, S, "set_printoptions: %s", lua_tostring(L, -1));
  return 0;
}

static int result_type(lua_State *L) {
  State *S = STATE(L);
  int a = tide__test_dtype(L, S, 1), b = tide__test_dtype(L, S, 2);
  if (a < 0 || b < 0) return tide__error(L, S, "promote_types: two dtypes are expected");
  tide__push_dtype(L, S, tide_promote_types(a, b));
  return 1;
}

/* core.parameter(t): makes t's object print as a Parameter and keeps it out of tide.scope's reach */
static int mark_parameter(lua_State *L) {
  State *S = STATE(L);
  tide__check(L, S, 1, "Parameter", "data");
  Box *b = lua_touserdata(L, 1);
  b->parameter = b->keep = 1;
  lua_settop(L, 1);
  return 1;
}
static int is_parameter(lua_State *L) { Box *b = tide__test_box(L, 1); lua_pushboolean(L, b && b->parameter); return 1; }

static const luaL_Reg methods[] = {
  {"item", item}, {"tolist", tolist}, {"numel", numel}, {"nelement", numel}, {"dim", dim}, {"ndimension", dim}, {"is_contiguous", is_contiguous},
  {"storage_offset", storage_offset}, {"element_size", element_size}, {"data_ptr", data_ptr}, {"is_floating_point", is_floating_point}, {"is_inference", is_inference},
  {"_is_view", is_view}, {"is_set_to", is_set_to}, {NULL, NULL}};

static const luaL_Reg events[] = {
  {"__tostring", tensor_tostring}, {"__concat", concat}, {"__lt", tensor_lt}, {"__le", tensor_le}, {"__len", tensor_len}, {"__pairs", tensor_pairs},
  {"__newindex", tensor_newindex}, {NULL, NULL}};

static const luaL_Reg size_events[] = {
  {"__index", size_index}, {"__newindex", size_newindex}, {"__len", size_len}, {"__eq", size_eq}, {"__tostring", size_tostring}, {"__concat", concat},
  {"__pairs", size_pairs}, {NULL, NULL}};

static const luaL_Reg functions[] = {
  {"tensor", make_tensor}, {"is_tensor", is_tensor}, {"set_default_dtype", set_default_dtype}, {"get_default_dtype", get_default_dtype},
  {"set_printoptions", set_printoptions}, {"promote_types", result_type}, {"Size", make_size}, {"parameter", mark_parameter}, {"is_parameter", is_parameter},
  {"is_floating_point", is_floating_point}, {"numel", numel}, {"is_inference", is_inference}, {NULL, NULL}};

void tide__open_tensor(lua_State *L, State *S, int module) {
  open_dtypes(L, S, module);
  tide__register(L, S, module, functions);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, module, "methods");
  tide__register(L, S, -1, methods);
  for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
    lua_pushlightuserdata(L, (void *)(intptr_t)fields[k].field);
    lua_setfield(L, -2, fields[k].name);
  }
  for (int strides = 0; strides < 2; strides++) {
    lua_pushlightuserdata(L, S);
    lua_pushboolean(L, strides);
    lua_pushcclosure(L, size, 2);
    lua_setfield(L, -2, strides ? "stride" : "size");
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->tensor_mt);
  tide__register(L, S, -1, events);
  lua_pushlightuserdata(L, S);
  lua_pushvalue(L, -3);
  lua_pushcclosure(L, tensor_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->size_mt);
  tide__register(L, S, -1, size_events);
  lua_pushliteral(L, "Size");
  lua_setfield(L, -2, "__name");
  lua_newtable(L);
  lua_pushcfunction(L, size_numel);
  lua_setfield(L, -2, "numel");
  lua_setfield(L, -2, "methods");
  lua_pop(L, 1);
  lua_pop(L, 1);
}

/* }========================================================= */
