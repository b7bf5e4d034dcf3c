/*
** Files and bytes: what lua/tide/serialization.lua stands on (core.files), and x:tobytes().
**
** A tree that was read hangs in a userdata while Lua values are made of it, so that it goes with them where that fails.
*/
#include "lua/binding.h"

static const char contents_key = 'c';     /* in the registry: the metatable of such a userdata */

typedef struct Reading { tide_Contents *r; } Reading;

static int reading_gc(lua_State *L) {
  Reading *reading = lua_touserdata(L, 1);
  tide_Contents *r = reading ? reading->r : NULL;
  if (!r) return 0;
  reading->r = NULL;
  tide_contents_free(r);
  return 0;
}

static Reading *push_reading(lua_State *L) {
  Reading *reading = compat_newuserdata(L, sizeof *reading);
  reading->r = NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &contents_key);
  lua_setmetatable(L, -2);
  return reading;
}

/* The number of a format; nil is none. */
static int check_format(lua_State *L, State *S, int i, const char *function) {
  static const char *const names[] = {"", "safetensors", "npy", "npz", "pt"};
  const char *name = lua_isnil(L, i) ? "" : lua_tostring(L, i);
  for (int k = 0; k <= TIDE_CHECKPOINT; k++) if (!strcmp(names[k], name) && (k || lua_isnil(L, i))) return k;
  return tide__error(L, S, "%s: there is no format \"%.40s\"; there are safetensors, npy, npz and pt", function, name);
}


/* {======================== reading ======================== */

typedef struct Making { State *S; int seen, new_dict; } Making;     /* stack indices: item -> value; makes a dictionary */

static void push_item(lua_State *L, const Making *m, const tide_Item *item);

/* Values of a list, with false for nothing; into the table at the top. */
static void fill_list(lua_State *L, const Making *m, const tide_Item *item) {
  for (size_t i = 0; i < item->n; i++) {
    if (item->list[i]->kind == TIDE_ITEM_NONE) lua_pushboolean(L, 0); else push_item(L, m, item->list[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static void fill_dict(lua_State *L, const Making *m, const tide_Item *item) {
  for (size_t i = 0; i < item->n; i++) {
    if (item->list[2 * i + 1]->kind == TIDE_ITEM_NONE) continue;
    push_item(L, m, item->list[2 * i]);
    push_item(L, m, item->list[2 * i + 1]);
    lua_settable(L, -3);
  }
}

static void push_tensor(lua_State *L, State *S, tide_Tensor *t) {
  if (tide_requires_grad(t)) { tide__push_identity(L, S, t); return; }
  Box *b = tide__push_box(L, S);
  b->t = tide_retain(t);
}

/* A tensor, list or dictionary: the same value wherever the item stands. */
static void push_shared(lua_State *L, const Making *m, const tide_Item *item) {
  luaL_checkstack(L, 10, "too deep");
  if (lua_rawgetp(L, m->seen, item) != LUA_TNIL) return;
  lua_pop(L, 1);
  if (item->kind == TIDE_ITEM_TENSOR) push_tensor(L, m->S, item->t);
  else if (item->kind == TIDE_ITEM_LIST) lua_createtable(L, item->n < 1 << 20 ? (int)item->n : 1 << 20, 0);
  else { lua_pushvalue(L, m->new_dict); lua_call(L, 0, 1); }
  lua_pushvalue(L, -1);
  lua_rawsetp(L, m->seen, item);
  if (item->kind == TIDE_ITEM_LIST) fill_list(L, m, item);
  if (item->kind == TIDE_ITEM_DICT) fill_dict(L, m, item);
}

/* (The tree is at most a hundred levels deep.) */
static void push_item(lua_State *L, const Making *m, const tide_Item *item) {
  switch (item->kind) {
    case TIDE_ITEM_NONE: lua_pushnil(L); break;
    case TIDE_ITEM_BOOLEAN: lua_pushboolean(L, item->i != 0); break;
    case TIDE_ITEM_INTEGER: lua_pushinteger(L, item->i); break;
    case TIDE_ITEM_NUMBER: lua_pushnumber(L, item->d); break;
    case TIDE_ITEM_STRING: lua_pushlstring(L, item->s, item->n); break;
    default: push_shared(L, m, item);
  }
}

/* The tree and, if it has one, the metadata, as Lua values; then the reading ends. The function at 1 makes a dictionary. */
static int push_contents(lua_State *L, State *S, Reading *reading) {
  if (!reading->r) return tide__raise(L, S);
  lua_newtable(L);
  Making m = {S, lua_gettop(L), 1};
  push_item(L, &m, tide_contents_root(reading->r));
  const tide_Item *metadata = tide_contents_metadata(reading->r);
  if (metadata) push_item(L, &m, metadata); else lua_pushnil(L);
  tide_contents_free(reading->r);
  reading->r = NULL;
  return 2;
}

/* read(new_dict, path or nil, bytes or nil, format or nil, mapped): root, metadata */
static int files_read(lua_State *L) {
  State *S = STATE(L);
  size_t n;
  const char *path = lua_tostring(L, 2), *bytes = lua_tolstring(L, 3, &n);
  int format = check_format(L, S, 4, "load"), mapped = lua_toboolean(L, 5);
  if (path && strlen(path) != lua_rawlen(L, 2)) return tide__error(L, S, "load: a name with a zero byte in it");
  tide__pace(L, S);
  Reading *reading = push_reading(L);
  tide__enter(L, S);
  const char *outer = tide_set_function(S->c, "load");
  reading->r = path ? tide_load(S->c, path, format, mapped) : tide_read(S->c, bytes, n, format);
  tide_set_function(S->c, outer);
  return push_contents(L, S, reading);
}

/* json(new_dict, text): the value */
static int files_json(lua_State *L) {
  State *S = STATE(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  Reading *reading = push_reading(L);
  const char *outer = tide_set_function(S->c, "load");
  reading->r = tide_read_json(S->c, text, n);
  tide_set_function(S->c, outer);
  push_contents(L, S, reading);
  lua_pop(L, 1);
  return 1;
}

/* frombuffer(bytes, dtype, count, offset), which is checked already */
static int files_frombuffer(lua_State *L) {
  State *S = STATE(L);
  const char *bytes = luaL_checkstring(L, 1) + lua_tointeger(L, 4);
  int dtype = tide__test_dtype(L, S, 2);
  int64_t count = lua_tointeger(L, 3);
  tide__pace(L, S);
  Box *b = tide__push_box(L, S);
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  tide_Tensor *t = tide_from_data(S->c, dtype, 1, &count, bytes);
  uint8_t *data = t ? tide_data(t) : NULL;
  for (int64_t i = 0; dtype == TIDE_BOOL && data && i < count; i++) data[i] = data[i] != 0;
  return tide__finish(L, S, b, t, scope);
}

/* }========================================================= */


/* {======================== writing ======================== */

typedef struct Arguments { int format; size_t n; const char **names, **metadata; tide_Tensor **tensors; } Arguments;

/* A list of strings as an array that ends with NULL, in a userdata that is pushed; the strings stay in the list. */
static const char **to_strings(lua_State *L, int list) {
  size_t n = lua_rawlen(L, list);
  const char **array = compat_newuserdata(L, (n + 1) * sizeof *array);
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, list, (lua_Integer)i + 1);
    array[i] = luaL_checkstring(L, -1);
    lua_pop(L, 1);
  }
  array[n] = NULL;
  return array;
}

static Arguments check_arguments(lua_State *L, State *S) {
  Arguments a = {check_format(L, S, 2, "save"), lua_rawlen(L, 4), to_strings(L, 3), to_strings(L, 5), NULL};
  if (lua_rawlen(L, 3) != a.n) tide__error(L, S, "save: %zu tensors have %zu names", a.n, (size_t)lua_rawlen(L, 3));
  a.tensors = compat_newuserdata(L, (a.n + 1) * sizeof *a.tensors);
  for (size_t i = 0; i < a.n; i++) {
    lua_rawgeti(L, 4, (lua_Integer)i + 1);
    if (!(a.tensors[i] = tide__test(L, -1))) tide__error(L, S, "save: a tensor is expected, got %s", tide__typename(L, -1));
    lua_pop(L, 1);
  }
  return a;
}

static int count_bytes(void *arg, const void *bytes, size_t n) { (void)bytes; *(size_t *)arg += n; return 1; }

typedef struct Room { char *p; size_t left; } Room;
static int copy_bytes(void *arg, const void *bytes, size_t n) {
  Room *room = arg;
  if (n > room->left) return 0;
  memcpy(room->p, bytes, n);
  room->p += n;
  room->left -= n;
  return 1;
}

static int write_bytes(State *S, const Arguments *a, int (*write)(void *, const void *, size_t), void *arg) {
  const char *outer = tide_set_function(S->c, "save");
  int ok = tide_write(S->c, a->format, a->n, a->names, a->tensors, a->metadata, write, arg);
  tide_set_function(S->c, outer);
  return ok;
}

/* Written twice: to count, and into a string of that length. */
static int push_bytes(lua_State *L, State *S, const Arguments *a) {
  size_t n = 0;
  luaL_Buffer buffer;
  if (!write_bytes(S, a, count_bytes, &n)) return tide__raise(L, S);
  Room room = {luaL_buffinitsize(L, &buffer, n), n};
  if (!write_bytes(S, a, copy_bytes, &room)) return tide__raise(L, S);
  luaL_pushresultsize(&buffer, n);
  return 1;
}

/* write(path or nil, format or nil, names, tensors, metadata as key, value, ...): the bytes, where there is no path */
static int files_write(lua_State *L) {
  State *S = STATE(L);
  const char *path = lua_tostring(L, 1);
  Arguments a = check_arguments(L, S);
  if (path && strlen(path) != lua_rawlen(L, 1)) return tide__error(L, S, "save: a name with a zero byte in it");
  tide__pace(L, S);
  tide__enter(L, S);
  if (!path) return push_bytes(L, S, &a);
  const char *outer = tide_set_function(S->c, "save");
  int ok = tide_save(S->c, path, a.format, a.n, a.names, a.tensors, a.metadata);
  tide_set_function(S->c, outer);
  return ok ? 0 : tide__raise(L, S);
}

/* x:tobytes(): its elements in row-major order, as they are in memory */
static int tobytes(lua_State *L) {
  State *S = STATE(L);
  luaL_Buffer buffer;
  tide_Tensor *t = tide__check(L, S, 1, "tobytes", "self");
  size_t n = (size_t)tide_numel(t) * tide_dtype_size(tide_dtype(t));
  tide__pace(L, S);
  char *p = luaL_buffinitsize(L, &buffer, n);
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  tide_Tensor *x = tide_contiguous(tide_detach(t));
  if (x && n) memcpy(p, tide_data(x), n);
  tide_close(S->c, scope, NULL);
  if (!x) return tide__raise(L, S);
  luaL_pushresultsize(&buffer, n);
  return 1;
}

/* }========================================================= */


void tide__open_files(lua_State *L, State *S, int module) {
  static const luaL_Reg functions[] = {{"read", files_read}, {"write", files_write}, {"json", files_json}, {"frombuffer", files_frombuffer}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"tobytes", tobytes}, {NULL, NULL}};
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, reading_gc);
  lua_setfield(L, -2, "__gc");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &contents_key);
  lua_newtable(L);
  tide__register(L, S, -1, functions);
  lua_setfield(L, module, "files");
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->methods);
  tide__register(L, S, -1, methods);
  lua_pop(L, 1);
}
