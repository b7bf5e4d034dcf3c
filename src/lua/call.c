/*
** Operators in Lua: one closure for each public name, which reads its arguments by descriptor.
**
** A name owns one or more signatures, tried in order. The short way: all arguments are operands (tensors, numbers) and the rest
** has defaults. The long way reads each parameter from its place or its keyword, and knows why a signature does not fit.
** Nothing of an argument's value is made before all of them are read: numbers become tensors only inside the scope.
*/
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lua/binding.h"

#define MAX_PARAMS  10
#define ROOM_INTS   64         /* integers of a call that need no memory of their own */
#define MAX_RESULTS 8

typedef struct Signature {
  const tide_Op *op;
  const tide_Signature *s;
  int nvalues;                 /* parameters, the context not counted */
  int first;                   /* 1 if parameter 0 is the context */
  int operands;                /* how many leading parameters are operands */
  int rest_preset;             /* all others have defaults */
  int variadic;                /* the parameter that takes the rest of the call, -1: none */
  tide_Value preset[MAX_PARAMS];
} Signature;

typedef struct Callable {
  State *S;
  const char *name;            /* as users write it: "add", "linalg.norm", "add_" */
  int inplace, event;          /* event: a metamethod, whose operands are no keywords */
  int n;
  Signature sig[];
} Callable;

/* One argument as read. */
typedef struct Arg { Operand o; tide_Value v; uint8_t is_operand; } Arg;

/* A call being read against one signature. */
typedef struct Reader {
  lua_State *L;
  Callable *f;
  const Signature *sig;
  int top;                     /* positional arguments */
  int keywords;                /* index of the keyword table, or 0 */
  Arg arg[MAX_PARAMS];
  int64_t ints[ROOM_INTS];
  int nints;
  int requires_grad;
  tide_Generator *generator;   /* to draw from; NULL: the context's own */
  char why[256];               /* it does not fit */
  int fitted;                  /* how far it did */
} Reader;


/* {======================== presets ======================== */

static int is_absent(const char *preset) { return !strcmp(preset, "none") || !strcmp(preset, "NULL") || !strcmp(preset, "TIDE_ABSENT"); }

static tide_Value read_preset(const tide_Param *p) {
  tide_Value v = {.i = 0, .n = 0};
  const char *s = p->preset;
  switch (p->kind) {
    case TIDE_A_OT: case TIDE_A_OTN: case TIDE_A_ONT: v.t = TIDE_NONE; break;
    case TIDE_A_NT: if (strpbrk(s, ".eE")) { v.d = strtod(s, NULL); v.n = 'f'; } else { v.i = strtoll(s, NULL, 10); v.n = 'i'; } break;    /* n: an Operand's kind */
    case TIDE_A_N: v.d = is_absent(s) ? NAN : !strcmp(s, "INFINITY") ? INFINITY : strtod(s, NULL); break;
    case TIDE_A_DTYPE: v.i = -1; break;
    case TIDE_A_DIMS: case TIDE_A_INTS: case TIDE_A_SIZE: v.ints = NULL; v.n = -1; break;
    case TIDE_A_STR: v.s = !*s || is_absent(s) ? NULL : s; break;           /* with its quotes: see below */
    case TIDE_A_INT: case TIDE_A_POS: case TIDE_A_DIM: v.i = is_absent(s) ? TIDE_ABSENT : strtoll(s, NULL, 10); break;
    default: v.i = strtoll(s, NULL, 10);
  }
  return v;
}

/* The preset of a number that is an operand. */
static Operand preset_operand(const tide_Value *v) {
  Operand o = {.kind = (uint8_t)v->n};
  if (o.kind == 'f') o.d = v->d; else o.i = v->i;
  return o;
}

/* The kinds that take the rest of the arguments when they come last (but for keyword-only ones). */
static int takes_many(int kind) {
  return kind == TIDE_A_SIZE || kind == TIDE_A_DIMS || kind == TIDE_A_INTS || kind == TIDE_A_TL;
}

static int is_operand(int kind) { return kind == TIDE_A_T || kind == TIDE_A_TN || kind == TIDE_A_NT || kind == TIDE_A_PT; }

static void compile(lua_State *L, Signature *g, const tide_Op *op) {
  const tide_Signature *s = tide_signature(op);
  memset(g, 0, sizeof *g);
  g->op = op;
  g->s = s;
  g->first = s->nparams && s->params[0].kind == TIDE_A_CTX;
  g->variadic = -1;
  g->rest_preset = 1;
  int counting = 1, last = -1;
  for (int i = 0; i < s->nparams; i++) {
    const tide_Param *p = &s->params[i];
    g->preset[i] = read_preset(p);
    if (p->kind == TIDE_A_STR && g->preset[i].s) {           /* "mean" in quotes: kept unquoted in the registry for good */
      lua_pushlstring(L, p->preset + 1, strlen(p->preset) - 2);
      g->preset[i].s = lua_tostring(L, -1);
      luaL_ref(L, LUA_REGISTRYINDEX);
    }
    if (i < g->first) continue;
    if (p->kind != TIDE_A_DTYPE) last = i;
    if (counting && is_operand(p->kind) && !*p->preset) g->operands++;
    else { counting = 0; if (!*p->preset) g->rest_preset = 0; }
  }
  if (last >= 0 && takes_many(s->params[last].kind)) g->variadic = last;
  for (int i = g->first; i < s->nparams; i++)                /* tensors written out, options after them by keyword: meshgrid(a, b, {indexing = "ij"}) */
    if (s->params[i].kind == TIDE_A_TL && i + 1 < s->nparams && *s->params[i + 1].preset) g->variadic = i;
}

/* }========================================================= */


/* {======================== reading one argument ======================== */

static int misfit(Reader *r, const tide_Param *p, int place, const char *want, int i) {
  const char *got = tide__typename(r->L, i);
  if (place) snprintf(r->why, sizeof r->why, "argument %d ('%s'): %s expected, got %s", place, p->name, want, got);
  else snprintf(r->why, sizeof r->why, "'%s': %s expected, got %s", p->name, want, got);
  return 0;
}

static int complain(Reader *r, const tide_Param *p, const char *what) {
  snprintf(r->why, sizeof r->why, "'%s': %s", p->name, what);
  return 0;
}

int tide__to_operand(lua_State *L, int i, Operand *o) {
  Box *b = tide__test_box(L, i);
  if (likely(b && b->t)) { o->t = b->t; o->kind = LUA_TUSERDATA; return 1; }
  switch (lua_type(L, i)) {
    case LUA_TNUMBER:
      if (lua_isinteger(L, i)) { o->kind = 'i'; o->i = lua_tointeger(L, i); }
      else { o->kind = 'f'; o->d = lua_tonumber(L, i); }
      return 1;
    case LUA_TBOOLEAN: o->kind = 'b'; o->i = lua_toboolean(L, i); return 1;
    default: return 0;
  }
}

tide_Tensor *tide__operand(State *S, const Operand *o) {
  switch (o->kind) {
    case 'i': return tide_integer(S->c, o->i);
    case 'f': return tide_number(S->c, o->d);
    case 'b': return tide_boolean(S->c, (int)o->i);
    default: return o->t;
  }
}

/* A whole number at i: 1, or 0 where it is none. */
static int to_whole(lua_State *L, int i, int64_t *out) {
  int ok;
  if (lua_type(L, i) != LUA_TNUMBER) {
    Box *b = tide__test_box(L, i);                            /* a one-element integer tensor serves as a number */
    if (!b || !b->t || tide_numel(b->t) != 1 || tide_dtype_is_float(tide_dtype(b->t))) return 0;
    *out = tide_element_integer(b->t, 0);
    return 1;
  }
  *out = lua_tointegerx(L, i, &ok);
  return ok && *out != TIDE_ABSENT;
}

/* A position or dimension from 1, or negative from the end, as tide counts: from 0. */
static int to_place(Reader *r, const tide_Param *p, int i, int place, int64_t *out) {
  if (!to_whole(r->L, i, out)) return misfit(r, p, place, "a whole number", i);
  if (*out == 0) return complain(r, p, p->kind == TIDE_A_POS ? "positions count from 1, not 0" : "dimensions count from 1, not 0");
  if (*out > 0) --*out;
  return 1;
}

/* Room for n integers: in the reader, or in a userdata that stays on the stack. */
static int64_t *room(Reader *r, lua_Integer n) {
  if (n > ROOM_INTS - r->nints) return compat_newuserdata(r->L, (size_t)n * sizeof(int64_t));
  r->nints += (int)n;
  return r->ints + r->nints - n;
}

static int read_int(Reader *r, const tide_Param *p, int i, int place, int64_t *out) {
  if (p->kind == TIDE_A_DIMS) return to_place(r, p, i, place, out);
  return to_whole(r->L, i, out) ? 1 : misfit(r, p, place, "whole numbers", i);
}

/* Any table that lists something: a sequence, or a Size. */
static int is_list(lua_State *L, int i) { return lua_istable(L, i); }

static int read_ints(Reader *r, const tide_Param *p, int i, int place, tide_Value *v, int last) {
  lua_State *L = r->L;
  int64_t sizes[TIDE_MAXDIM], *out;
  int list = is_list(L, i), nsizes = list ? tide__to_sizes(L, r->f->S, i, sizes, TIDE_MAXDIM) : -1;
  if (nsizes >= 0 && p->kind == TIDE_A_DIMS) return complain(r, p, "a list of dimensions is expected, not sizes");
  lua_Integer n = nsizes >= 0 ? nsizes : !list ? (last ? last - i + 1 : 1) : (lua_Integer)lua_rawlen(L, i);    /* raw: nothing runs in between */
  if (n > 1 << 24) return complain(r, p, "the list is too long");
  v->ints = out = room(r, n);
  v->n = (int)n;
  if (nsizes > 0) memcpy(out, sizes, sizeof(int64_t) * (size_t)n);
  for (lua_Integer k = 0; nsizes < 0 && k < n; k++) {
    if (list) lua_rawgeti(L, i, k + 1);
    if (!read_int(r, p, list ? lua_gettop(L) : i + (int)k, place, &out[k])) return 0;
    if (list) lua_pop(L, 1);
  }
  return 1;
}

/* A list of tensors: into a userdata that stays on the stack. */
static int read_tensors(Reader *r, const tide_Param *p, int i, int place, tide_Value *v, int last) {
  lua_State *L = r->L;
  int table = is_list(L, i) && !lua_getmetatable(L, i);
  if (is_list(L, i) && !table) lua_pop(L, 1);
  lua_Integer n;
  if (table) {
    if (p->kind == TIDE_A_OTL && lua_getfield(L, i, "n") == LUA_TNUMBER) n = lua_tointeger(L, -1);
    else n = (lua_Integer)lua_rawlen(L, i);
    if (p->kind == TIDE_A_OTL) lua_pop(L, 1);
  }
  else if (tide__test_box(L, i) && last) n = last - i + 1;
  else return misfit(r, p, place, "a list of tensors", i);
  if (n < 0 || n > 1 << 24) return complain(r, p, "the list is too long");
  tide_Tensor **list = compat_newuserdata(L, (size_t)(n ? n : 1) * sizeof *list);
  for (lua_Integer k = 0; k < n; k++) {
    if (table) lua_rawgeti(L, i, k + 1); else lua_pushvalue(L, i + (int)k);
    list[k] = tide__test(L, -1);
    int absent = lua_isnil(L, -1) || (lua_isboolean(L, -1) && !lua_toboolean(L, -1));
    if (!list[k] && p->kind == TIDE_A_OTL && absent) list[k] = TIDE_NONE;
    if (!list[k]) {
      snprintf(r->why, sizeof r->why, "argument %d ('%s'): element %d: a tensor expected, got %s", place, p->name, (int)k + 1, tide__typename(L, -1));
      return 0;
    }
    lua_pop(L, 1);
  }
  v->list = list;
  v->n = (int)n;
  return 1;
}

/* Reads the value at stack index i for parameter p; `last`: the index of the last argument that belongs to it (0: only i). */
static int read_arg(Reader *r, const tide_Param *p, int i, int place, Arg *a, int last) {
  lua_State *L = r->L;
  a->is_operand = 0;
  switch (p->kind) {
    case TIDE_A_T: case TIDE_A_OT: case TIDE_A_PT:
      if (!(a->v.t = tide__test(L, i))) return misfit(r, p, place, "a tensor", i);
      return 1;
    case TIDE_A_TN: case TIDE_A_OTN:
      if (!tide__to_operand(L, i, &a->o)) return misfit(r, p, place, "a tensor or number", i);
      a->is_operand = 1;
      return 1;
    case TIDE_A_NT: case TIDE_A_ONT:
      if (!tide__to_operand(L, i, &a->o) || a->o.kind == LUA_TUSERDATA) return misfit(r, p, place, "a number", i);
      a->is_operand = 1;
      return 1;
    case TIDE_A_TL: case TIDE_A_OTL: return read_tensors(r, p, i, place, &a->v, last);
    case TIDE_A_N:
      if (lua_type(L, i) != LUA_TNUMBER) return misfit(r, p, place, "a number", i);
      a->v.d = lua_tonumber(L, i);
      return 1;
    case TIDE_A_INT: return to_whole(L, i, &a->v.i) ? 1 : misfit(r, p, place, "a whole number", i);
    case TIDE_A_BOOL:
      if (!lua_isboolean(L, i)) return misfit(r, p, place, "a boolean", i);
      a->v.i = lua_toboolean(L, i);
      return 1;
    case TIDE_A_STR:
      if (lua_type(L, i) != LUA_TSTRING) return misfit(r, p, place, "a string", i);
      a->v.s = lua_tostring(L, i);
      return 1;
    case TIDE_A_DIM: case TIDE_A_POS: return to_place(r, p, i, place, &a->v.i);
    case TIDE_A_DIMS: case TIDE_A_SIZE: case TIDE_A_INTS:
      if (!is_list(L, i) && lua_type(L, i) != LUA_TNUMBER && !tide__test_box(L, i)) return misfit(r, p, place, "whole numbers", i);
      return read_ints(r, p, i, place, &a->v, last);
    case TIDE_A_DTYPE:
      if ((a->v.i = tide__test_dtype(L, r->f->S, i)) < 0) return misfit(r, p, place, "a dtype", i);
      return 1;
    default: return 0;
  }
}

/* }========================================================= */


/* {======================== reading a call ======================== */

/* Is the value at i a table of keywords: no metatable, not empty, all keys strings? -1: both kinds of keys. */
static int keyword_table(lua_State *L, int i) {
  int strings = 0, others = 0;
  if (!lua_istable(L, i) || lua_getmetatable(L, i)) { if (lua_istable(L, i)) lua_pop(L, 1); return 0; }
  lua_pushnil(L);
  while (lua_next(L, i)) {
    if (lua_type(L, -2) == LUA_TSTRING) strings = 1; else others = 1;
    lua_pop(L, 1);
  }
  return strings ? (others ? -1 : 1) : 0;
}

static const tide_Param *find_param(const Signature *g, const char *key) {
  for (int i = g->first; i < g->s->nparams; i++) if (!strcmp(g->s->params[i].name, key)) return &g->s->params[i];
  return NULL;
}

/* Are all keywords the signature's? */
static int known_keywords(Reader *r) {
  lua_State *L = r->L;
  lua_pushnil(L);
  while (lua_next(L, r->keywords)) {
    const char *key = lua_tostring(L, -2);
    int factory = r->sig->s->flags & TIDE_FACTORY && !strcmp(key, "requires_grad");
    int random = r->sig->s->flags & TIDE_RANDOM && !strcmp(key, "generator");
    if (!factory && !random && !find_param(r->sig, key)) {
      snprintf(r->why, sizeof r->why, "there is no keyword '%s'", key);
      lua_pop(L, 2);
      return 0;
    }
    if (factory) {
      if (!lua_isboolean(L, -1)) {
        snprintf(r->why, sizeof r->why, "'requires_grad': a boolean expected, got %s", tide__typename(L, -1));
        lua_pop(L, 2);
        return 0;
      }
      r->requires_grad = lua_toboolean(L, -1);
    }
    if (random) {
      int found;
      r->generator = tide__test_generator(L, -1, &found);
      if (!found) {
        snprintf(r->why, sizeof r->why, "'generator': a generator expected, got %s", tide__typename(L, -1));
        lua_pop(L, 2);
        return 0;
      }
    }
    lua_pop(L, 1);
  }
  return 1;
}

/* Is the last of `top` arguments a table of keywords? `{}` is one where no list is expected. -1: it cannot be told. */
static int ends_in_keywords(Reader *r, const Signature *g, int top) {
  lua_State *L = r->L;
  int kind = keyword_table(L, top), param = g->first + top - 1;
  if (kind || !lua_istable(L, top) || lua_getmetatable(L, top)) return kind;
  lua_pushnil(L);
  if (lua_next(L, top)) return 0;
  int wants = param < g->s->nparams ? g->s->params[param].kind : TIDE_A_T;
  return !takes_many(wants) && wants != TIDE_A_OTL;
}

static int read_call(Reader *r, const Signature *g, int top) {
  lua_State *L = r->L;
  int place = 1;
  r->sig = g;
  r->nints = 0;
  r->requires_grad = 0;
  r->generator = NULL;
  r->why[0] = 0;
  r->keywords = r->fitted = 0;
  r->top = top;
  if (top > 0 && !r->f->event) {
    int kind = ends_in_keywords(r, g, top);
    lua_settop(L, top);
    if (kind < 0) { r->fitted = top; snprintf(r->why, sizeof r->why, "argument %d: a table has both named and numbered entries", top); return 0; }
    if (kind) { r->keywords = top; r->top = top - 1; }
  }
  if (r->keywords && !known_keywords(r)) return 0;
  for (int k = g->first; k < g->s->nparams; k++) {
    const tide_Param *p = &g->s->params[k];
    Arg *a = &r->arg[k];
    int from_keyword = 0, given = 0;
    r->fitted = place;
    if (r->keywords) {
      from_keyword = lua_getfield(L, r->keywords, p->name) != LUA_TNIL;
      if (!from_keyword) lua_pop(L, 1);
    }
    if (place <= r->top && p->kind != TIDE_A_DTYPE) {
      int many = k == g->variadic && !is_list(L, place) && !lua_isnil(L, place);
      int last = many ? r->top : 0;
      if (from_keyword) { r->fitted = top + MAX_PARAMS; snprintf(r->why, sizeof r->why, "'%s' is given twice", p->name); return 0; }
      if (lua_isnil(L, place)) place++;                              /* an absent one: the default, or an error below */
      else {
        if (!read_arg(r, p, place, place, a, last)) return 0;
        place = many ? r->top + 1 : place + 1;
        given = 1;
      }
    }
    else if (place <= r->top && p->kind == TIDE_A_DTYPE && !from_keyword && tide__test_dtype(L, r->f->S, place) >= 0) {
      if (!read_arg(r, p, place, place, a, 0)) return 0;
      place++;
      given = 1;
    }
    if (from_keyword) {
      r->fitted = MAX_PARAMS;
      if (!read_arg(r, p, lua_gettop(L), 0, a, 0)) return 0;         /* (stays on the stack: tensors, lists and strings are lent) */
      given = 1;
    }
    if (given) continue;
    if (!*p->preset) { snprintf(r->why, sizeof r->why, "argument '%s' is missing", p->name); return 0; }
    a->is_operand = p->kind == TIDE_A_NT;
    a->v = g->preset[k];
    if (a->is_operand) a->o = preset_operand(&a->v);
  }
  if (place <= r->top) { r->fitted = place - 1; snprintf(r->why, sizeof r->why, "%d arguments are too many", r->top); return 0; }
  return 1;
}

static void describe(const Signature *g, const char *name, luaL_Buffer *b) {
  static const char *const kinds[] = {
    [TIDE_A_CTX] = "", [TIDE_A_T] = "tensor", [TIDE_A_OT] = "tensor", [TIDE_A_TN] = "tensor or number", [TIDE_A_OTN] = "tensor or number", [TIDE_A_NT] = "number",
    [TIDE_A_ONT] = "number", [TIDE_A_TL] = "list of tensors", [TIDE_A_OTL] = "list of tensors", [TIDE_A_N] = "number", [TIDE_A_INT] = "integer", [TIDE_A_BOOL] = "boolean",
    [TIDE_A_STR] = "string", [TIDE_A_DIM] = "dimension", [TIDE_A_DIMS] = "dimensions", [TIDE_A_SIZE] = "sizes", [TIDE_A_INTS] = "integers", [TIDE_A_POS] = "position",
    [TIDE_A_DTYPE] = "dtype", [TIDE_A_PT] = "tensor of positions"};
  luaL_addstring(b, "\n   ");
  luaL_addstring(b, name);
  luaL_addchar(b, '(');
  for (int i = g->first; i < g->s->nparams; i++) {
    const tide_Param *p = &g->s->params[i];
    if (i > g->first) luaL_addstring(b, ", ");
    luaL_addstring(b, p->name);
    luaL_addstring(b, *p->preset ? "?: " : ": ");
    luaL_addstring(b, kinds[p->kind]);
  }
  luaL_addchar(b, ')');
}

/* No signature fits: with one, why; with several, why the most fitting one did not, and the list. */
static int no_fit(lua_State *L, Callable *f, const char *why) {
  luaL_Buffer b;
  tide__where(L, f->S);
  lua_pushfstring(L, "%s: %s", f->name, why);
  if (f->n > 1) {
    luaL_buffinit(L, &b);
    luaL_addstring(&b, "; it can be called as");
    for (int i = 0; i < f->n; i++) describe(&f->sig[i], f->name, &b);
    luaL_pushresult(&b);
    lua_concat(L, 3);
  }
  else lua_concat(L, 2);
  return lua_error(L);
}

/* }========================================================= */


/* {======================== calling ======================== */

/* Results that boxes are made of, one after the other, while a finalizer may run in between. */
typedef struct Bundle { int n; tide_Tensor *t[]; } Bundle;

static int bundle_gc(lua_State *L) {
  Bundle *b = lua_touserdata(L, 1);
  for (int i = 0; i < b->n; i++) if (b->t[i]) { tide_release(b->t[i]); b->t[i] = NULL; }
  b->n = 0;
  return 0;
}

static Bundle *push_bundle(lua_State *L, State *S, int room) {
  Bundle *b = compat_newuserdata(L, sizeof *b + (size_t)room * sizeof *b->t);
  b->n = 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->bundle_mt);
  lua_setmetatable(L, -2);
  return b;
}

static void push_result(lua_State *L, State *S, Bundle *bundle, int i) {
  if (!bundle->t[i]) { lua_pushnil(L); return; }
  Box *b = tide__push_box(L, S);
  b->t = bundle->t[i];
  bundle->t[i] = NULL;
}

/* The value on the stack that is the box of t, or 0. Arguments are there, given by place or by keyword. */
static int same_as(lua_State *L, const tide_Tensor *t) {
  for (int i = 1, top = lua_gettop(L); i <= top; i++) { Box *b = tide__test_box(L, i); if (b && b->t == t) return i; }
  return 0;
}

static int call_inplace(lua_State *L, Callable *f, const Signature *g, const tide_Value *v, tide_Scope scope) {
  State *S = f->S;
  tide_Tensor *out[MAX_RESULTS];
  const char *outer = tide_set_function(S->c, f->name);
  int ok = tide_call_inplace(g->op, S->c, v, out);
  tide_set_function(S->c, outer);
  tide_use_generator(S->c, NULL);
  tide_close(S->c, scope, NULL);
  if (!ok) return tide__raise(L, S);
  lua_pushvalue(L, same_as(L, v[0].t));
  return 1;
}

/* A call that fits: makes the numbers, calls, puts results into boxes. The arguments stay on the stack below. */
static int run(Reader *r) {
  lua_State *L = r->L;
  Callable *f = r->f;
  const Signature *g = r->sig;
  State *S = f->S;
  tide_Value v[MAX_PARAMS];
  tide__pace(L, S);
  int list = g->s->outputs < 0, many = list || g->s->outputs > 1;
  Box *box = many || f->inplace ? NULL : tide__push_box(L, S);
  Bundle *bundle = many && !list ? push_bundle(L, S, MAX_RESULTS) : NULL;
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  for (int i = 0; i < g->s->nparams; i++) {
    if (i < g->first) v[i] = (tide_Value){.c = S->c};
    else if (r->arg[i].is_operand) v[i] = (tide_Value){.t = tide__operand(S, &r->arg[i].o)};
    else v[i] = r->arg[i].v;
  }
  if (unlikely(r->generator != NULL)) tide_use_generator(S->c, r->generator);
  if (f->inplace) return call_inplace(L, f, g, v, scope);
  tide_Tensor *out[MAX_RESULTS] = {NULL}, **results = NULL;
  const char *outer = tide_set_function(S->c, f->name);
  int n = 0, ok = tide_call(g->op, S->c, v, out, &n, &results) && (!r->requires_grad || tide_set_requires_grad(out[0], 1));
  tide_set_function(S->c, outer);
  tide_use_generator(S->c, NULL);
  if (!ok) { tide_close(S->c, scope, NULL); return tide__raise(L, S); }
  if (!many) {
    int same = same_as(L, out[0]);
    if (unlikely(same)) { tide_close(S->c, scope, NULL); lua_pushvalue(L, same); return 1; }
    tide__finish(L, S, box, out[0], scope);
    if (r->requires_grad) tide__register_identity(L, S, -1);
    return 1;
  }
  if (list) {                          /* the count is known only now: keep the results with the scope open, then make room */
    tide_Tensor *holder[64], **kept = n <= 64 ? holder : malloc((size_t)n * sizeof *kept);
    if (!kept) { tide_close(S->c, scope, NULL); return tide__error(L, S, "%s: out of memory", f->name); }
    for (int i = 0; i < n; i++) kept[i] = tide_retain(results[i]);
    tide_close(S->c, scope, NULL);
    return tide__push_list(L, S, n, kept, kept != holder);
  }
  for (int i = 0; i < n; i++) bundle->t[i] = out[i] && out[i] != TIDE_NONE ? tide_retain(out[i]) : NULL;
  bundle->n = n;
  tide_close(S->c, scope, NULL);
  luaL_checkstack(L, n + 4, NULL);
  for (int i = 0; i < n; i++) push_result(L, S, bundle, i);
  return n;
}

/* The protected part of push_list: upvalues would not do, so its argument is a light userdata. */
typedef struct ListJob { State *S; int n, done; tide_Tensor **t; } ListJob;

static int make_list(lua_State *L) {
  ListJob *job = lua_touserdata(L, 1);
  lua_createtable(L, job->n, 0);
  for (int i = 0; i < job->n; i++) {
    Box *b = tide__push_box(L, job->S);
    b->t = job->t[i];
    job->done = i + 1;
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

int tide__push_list(lua_State *L, State *S, int n, tide_Tensor **t, int on_heap) {
  ListJob job = {S, n, 0, t};
  int room = lua_checkstack(L, 4), status = LUA_ERRMEM;
  if (room) {
    lua_pushcfunction(L, make_list);
    lua_pushlightuserdata(L, &job);
    status = lua_pcall(L, 1, 1, 0);
  }
  for (int i = job.done; i < n; i++) tide_release(t[i]);
  if (on_heap) free(t);
  if (status != LUA_OK) return room ? lua_error(L) : luaL_error(L, "stack overflow");
  return 1;
}

static __attribute__((noinline)) int call_long(lua_State *L, Callable *f, int top) {
  Reader r;
  char best[256];
  int farthest = -1;
  r.L = L;
  r.f = f;
  luaL_checkstack(L, 2 * MAX_PARAMS + 16, NULL);
  for (int i = 0; i < f->n; i++) {
    if (read_call(&r, &f->sig[i], top)) return run(&r);
    if (r.fitted > farthest) { farthest = r.fitted; memcpy(best, r.why, sizeof best); }   /* the message of the signature that fits best is shown */
    lua_settop(L, top);
  }
  return no_fit(L, f, best);
}

/* The short way: 1 and the result is pushed, or 0. */
static inline int call_short(lua_State *L, Callable *f, int top) {
  State *S = f->S;
  for (int k = 0; k < f->n; k++) {
    const Signature *g = &f->sig[k];
    if (g->operands != top || !g->rest_preset || g->first || g->s->outputs != 1) continue;
    Operand o[3];
    int ok = top <= 3;
    for (int i = 0; i < top && ok; i++) {
      if (unlikely(!tide__to_operand(L, i + 1, &o[i]))) return 0;
      int kind = g->s->params[i].kind, tensor = o[i].kind == LUA_TUSERDATA;
      ok = kind == TIDE_A_TN || (kind == TIDE_A_NT ? !tensor : tensor);
    }
    if (!ok) continue;
    if (unlikely(o[0].kind != LUA_TUSERDATA) && (top < 2 || o[1].kind != LUA_TUSERDATA)) return 0;
    tide__pace(L, S);
    Box *box = f->inplace ? NULL : tide__push_box(L, S);
    tide__enter(L, S);
    tide_Scope scope = tide_scope(S->c);
    tide_Value v[MAX_PARAMS];
    int n = g->s->nparams;
    for (int i = 0; i < top; i++) v[i].t = tide__operand(S, &o[i]);
    for (int i = top; i < n; i++) {
      if (unlikely(g->s->params[i].kind == TIDE_A_NT)) { Operand p = preset_operand(&g->preset[i]); v[i].t = tide__operand(S, &p); }
      else v[i] = g->preset[i];
    }
    if (unlikely(f->inplace)) return call_inplace(L, f, g, v, scope);
    tide_Tensor *out[MAX_RESULTS], **list;
    int count;
    const char *outer = tide_set_function(S->c, f->name);
    int done = tide_call(g->op, S->c, v, out, &count, &list);
    tide_set_function(S->c, outer);
    if (unlikely(!done)) { tide_close(S->c, scope, NULL); return tide__raise(L, S); }
    for (int i = 0; i < top; i++)
      if (unlikely(out[0] == o[i].t && o[i].kind == LUA_TUSERDATA)) { tide_close(S->c, scope, NULL); lua_pushvalue(L, i + 1); return 1; }
    return tide__finish(L, S, box, out[0], scope);
  }
  return 0;
}

static int call(lua_State *L) {
  Callable *f = lua_touserdata(L, lua_upvalueindex(1));
  if (unlikely(f->S->closed)) return luaL_error(L, "tide is closed");
  int top = lua_gettop(L), n = call_short(L, f, top);
  return n ? n : call_long(L, f, top);
}

/* Unary metamethods get their operand twice. */
static int call_unary(lua_State *L) {
  lua_settop(L, 1);
  return call(L);
}

/* }========================================================= */


/* {======================== building the module ========================
** An operator becomes a function when it is first asked for: there are some seven hundred names, a script uses a few dozen, and what is not there the
** collector need not look through. Each table of names (the module, methods, linalg, nn.functional ...) has an __index that makes what a name stands for.
*/

static int has_suffix(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n >= m && !strcmp(s + n - m, end);
}

static int is_internal(const tide_Signature *s) { return s->flags & TIDE_INTERNAL || has_suffix(s->id, "_grad"); }

/* A closure over the operators in list, under this name. */
static Callable *push_callable(lua_State *L, State *S, const char *name, const tide_Op *const *list, int n, int inplace, lua_CFunction entry) {
  Callable *f = compat_newuserdata(L, sizeof *f + (size_t)n * sizeof *f->sig);
  f->S = S;
  f->name = name;
  f->inplace = inplace;
  f->event = 0;
  f->n = n;
  for (int i = 0; i < n; i++) compile(L, &f->sig[i], list[i]);
  lua_pushcclosure(L, entry, 1);
  return f;
}

/* Sets table[name] = value (at the top; stays there), where there is nothing yet: fields and functions of another origin win over operators. */
static void offer(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  if (lua_rawget(L, table) == LUA_TNIL) {
    lua_pushstring(L, name);
    lua_pushvalue(L, -3);
    lua_rawset(L, table);
  }
  lua_pop(L, 1);
}

static int is_function(const tide_Signature *s) { return !(s->flags & (TIDE_METHOD_ONLY | TIDE_INPLACE_ONLY)); }

static int is_method(const tide_Signature *s) {
  if (s->flags & TIDE_FUNCTION_ONLY || s->nparams == 0) return 0;
  int k = s->params[0].kind;
  return k == TIDE_A_T || k == TIDE_A_TN;
}

#define MAX_SIGNATURES 32

/* The public signatures of a name, in the order of the tables. */
static int signatures(const char *name, const tide_Op **list) {
  const tide_Op *op;
  int n = 0;
  for (int i = 0; (op = tide_operator(i)) != NULL && n < MAX_SIGNATURES; i++)
    if (!strcmp(tide_signature(op)->name, name) && !is_internal(tide_signature(op))) list[n++] = op;
  return n;
}

/* The same for a name or an alias; *name becomes a string that stays. */
static int public_signatures(const char **name, const tide_Op **list) {
  const char *alias, *of;
  int n = signatures(*name, list);
  if (n) { *name = tide_signature(list[0])->name; return n; }
  for (int i = 0; (alias = tide_operator_alias(i, &of)) != NULL; i++)
    if (!strcmp(alias, *name)) { *name = alias; return signatures(of, list); }
  return 0;
}

enum { FUNCTION, METHOD, TWIN };

/* One public name: the function, which goes to `space`, the method, and their in-place twins. A dotted name is a function only. Nothing, if there is
** not the one that is wanted. */
static void add_name(lua_State *L, State *S, int space, int methods, const char *name, int wanted) {
  int nf = 0, nm = 0, ntwins = 0, inplace_only = 0;
  const tide_Op *list[MAX_SIGNATURES], *function[MAX_SIGNATURES], *method[MAX_SIGNATURES], *twins[MAX_SIGNATURES];
  int n = public_signatures(&name, list);
  const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
  for (int i = 0; i < n; i++) {
    const tide_Signature *s = tide_signature(list[i]);
    if (is_function(s) || (dot && !(s->flags & TIDE_INPLACE_ONLY))) function[nf++] = list[i];
    if (dot || !is_method(s)) continue;
    if (s->flags & TIDE_INPLACE_ONLY) inplace_only = 1;
    method[nm++] = list[i];
    if (tide_op_inplace(list[i])) twins[ntwins++] = list[i];
  }
  if (inplace_only) {
    int is_public = !(tide_signature(list[0])->flags & TIDE_METHOD_ONLY);
    if (wanted == TWIN || (wanted == FUNCTION && !is_public)) return;
    push_callable(L, S, name, list, n, 1, call);
    if (is_public) offer(L, space, name);
    offer(L, methods, name);
    lua_pop(L, 1);
    return;
  }
  if (!(wanted == FUNCTION ? nf : wanted == METHOD ? nm : ntwins)) return;
  if (nf) {
    push_callable(L, S, name, function, nf, 0, call);
    offer(L, space, last);
  }
  if (nm) {
    if (nf != nm || memcmp(function, method, (size_t)nf * sizeof *function)) push_callable(L, S, name, method, nm, 0, call);
    else lua_pushvalue(L, -1);
    offer(L, methods, name);
    lua_pop(L, 1);
  }
  if (nf) lua_pop(L, 1);
  if (ntwins) {
    lua_pushfstring(L, "%s_", name);
    const char *twin = lua_tostring(L, -1);
    luaL_ref(L, LUA_REGISTRYINDEX);                          /* the name lives as long as the state */
    push_callable(L, S, twin, twins, ntwins, 1, call);
    offer(L, methods, twin);
    offer(L, space, twin);
    lua_pop(L, 1);
  }
}

/* __index of a table of names (upvalues: state, module, what its names begin with): makes the operator and its kin, and gives what is there then. */
static int find_name(lua_State *L) {
  State *S = STATE(L);
  lua_settop(L, 2);
  if (lua_type(L, 2) != LUA_TSTRING || strchr(lua_tostring(L, 2), '.')) return 0;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->methods);
  int is_methods = lua_rawequal(L, 1, -1), space = is_methods ? lua_upvalueindex(2) : 1;
  lua_pushvalue(L, lua_upvalueindex(3));
  lua_pushvalue(L, 2);
  lua_concat(L, 2);
  add_name(L, S, space, 3, lua_tostring(L, 4), is_methods ? METHOD : FUNCTION);
  if (has_suffix(lua_tostring(L, 4), "_")) {                 /* a twin comes with what it is a twin of */
    lua_pushlstring(L, lua_tostring(L, 4), lua_rawlen(L, 4) - 1);
    add_name(L, S, space, 3, lua_tostring(L, 5), TWIN);
  }
  lua_pushvalue(L, 2);
  lua_rawget(L, 1);
  return 1;
}

static int next_field(lua_State *L) {
  lua_settop(L, 2);
  if (lua_next(L, 1)) return 2;
  lua_pushnil(L);
  return 1;
}

/* Makes a name for the table at 1, if it is one that stands right in it. */
static void complete(lua_State *L, State *S, const char *name, const char *prefix) {
  size_t n = strlen(prefix);
  if (strncmp(name, prefix, n) || strchr(name + n, '.')) return;
  lua_pushstring(L, name + n);
  if (lua_rawget(L, 1) == LUA_TNIL) add_name(L, S, 1, 2, name, FUNCTION);
  lua_pop(L, 1);
}

/* __pairs of such a table: makes all that there is. */
static int all_names(lua_State *L) {
  State *S = STATE(L);
  const char *prefix = lua_tostring(L, lua_upvalueindex(3)), *alias, *of;
  const tide_Op *op;
  lua_settop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->methods);
  for (int i = 0; (op = tide_operator(i)) != NULL; i++) if (!is_internal(tide_signature(op))) complete(L, S, tide_signature(op)->name, prefix);
  for (int i = 0; (alias = tide_operator_alias(i, &of)) != NULL; i++) complete(L, S, alias, prefix);
  lua_pushcfunction(L, next_field);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

/* Gives the table at the top these two. */
static void set_finder(lua_State *L, State *S, int module, const char *prefix, size_t length) {
  static const luaL_Reg events_of_names[] = {{"__index", find_name}, {"__pairs", all_names}, {NULL, NULL}};
  lua_createtable(L, 0, 2);
  for (const luaL_Reg *e = events_of_names; e->name; e++) {
    lua_pushlightuserdata(L, S);
    lua_pushvalue(L, module);
    lua_pushlstring(L, prefix, length);
    lua_pushcclosure(L, e->func, 3);
    lua_setfield(L, -2, e->name);
  }
  lua_setmetatable(L, -2);
}

/* Makes the tables on the way to a dotted name: module.nn.functional for "nn.functional.gelu". */
static void add_spaces(lua_State *L, State *S, int module, const char *name) {
  lua_pushvalue(L, module);
  for (const char *at = name, *dot; (dot = strchr(at, '.')) != NULL; at = dot + 1) {
    lua_pushlstring(L, at, (size_t)(dot - at));
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TTABLE) {
      lua_pop(L, 1);
      lua_newtable(L);
      set_finder(L, S, module, name, (size_t)(dot + 1 - name));
      lua_pushvalue(L, -2);
      lua_pushvalue(L, -2);
      lua_rawset(L, -5);
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* core.operators(): a list of what the tables hold, for specs and documentation. */
static int operators(lua_State *L) {
  lua_newtable(L);
  const tide_Op *op;
  for (int i = 0; (op = tide_operator(i)) != NULL; i++) {
    const tide_Signature *s = tide_signature(op);
    lua_createtable(L, 0, 8);
    lua_pushstring(L, s->id); lua_setfield(L, -2, "id");
    lua_pushstring(L, s->name); lua_setfield(L, -2, "name");
    lua_pushstring(L, s->help); lua_setfield(L, -2, "help");
    lua_pushinteger(L, s->outputs); lua_setfield(L, -2, "outputs");
    lua_pushinteger(L, s->flags); lua_setfield(L, -2, "flags");
    lua_pushinteger(L, s->dtypes); lua_setfield(L, -2, "dtypes");
    lua_pushboolean(L, is_internal(s)); lua_setfield(L, -2, "internal");
    lua_pushboolean(L, tide_op_inplace(op)); lua_setfield(L, -2, "inplace");
    lua_createtable(L, s->nparams, 0);
    for (int k = 0; k < s->nparams; k++) {
      static const char *const kinds[] = {"CTX", "T", "OT", "TN", "OTN", "NT", "ONT", "TL", "OTL", "N", "INT", "BOOL", "STR", "DIM", "DIMS", "SIZE", "INTS", "POS", "DTYPE", "PT"};
      lua_createtable(L, 0, 3);
      lua_pushstring(L, kinds[s->params[k].kind]); lua_setfield(L, -2, "kind");
      lua_pushstring(L, s->params[k].name); lua_setfield(L, -2, "name");
      lua_pushstring(L, s->params[k].preset); lua_setfield(L, -2, "preset");
      lua_rawseti(L, -2, k + 1);
    }
    lua_setfield(L, -2, "params");
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* core.operator(id [, inplace]): exactly this signature as a function. */
static int operator(lua_State *L) {
  State *S = STATE(L);
  const char *id = luaL_checkstring(L, 1);
  const tide_Op *op = tide_find_operator(id);
  if (!op) return tide__error(L, S, "operator: there is no '%s'", id);
  push_callable(L, S, tide_signature(op)->name, &op, 1, lua_toboolean(L, 2), call);
  return 1;
}

/* Operators of Lua. Where PyTorch takes another way for a number on the left, so do we: 2 - x is rsub, 2 / x is reciprocal times 2. */
static const struct { const char *event, *name; int unary; } events[] = {
  {"__add", "add", 0}, {"__mul", "mul", 0}, {"__idiv", "floor_divide", 0}, {"__mod", "remainder", 0}, {"__pow", "pow", 0}, {"__unm", "neg", 1},
  {"__band", "bitwise_and", 0}, {"__bor", "bitwise_or", 0}, {"__bxor", "bitwise_xor", 0}, {"__bnot", "bitwise_not", 1}, {"__shl", "bitwise_left_shift", 0},
  {"__shr", "bitwise_right_shift", 0}};

/* upvalues: the two functions for "tensor op any" and "number op tensor" (with its arguments exchanged) */
static int sided(lua_State *L) {
  int left = tide__test_box(L, 1) != NULL;
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(left ? 1 : 2));
  lua_insert(L, 1);
  if (!left) { lua_pushvalue(L, 2); lua_remove(L, 2); }
  lua_call(L, 2, 1);
  return 1;
}

/* number / tensor, called as (tensor, number) */
static int divide_number(lua_State *L) {
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, -2);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

static void add_events(lua_State *L, State *S, int module) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->tensor_mt);
  int mt = lua_gettop(L);
  const tide_Op *list[MAX_SIGNATURES], *rsub = tide_find_operator("rsub");
  for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
    int n = signatures(events[i].name, list);
    if (!n) continue;
    push_callable(L, S, events[i].name, list, n, 0, events[i].unary ? call_unary : call)->event = 1;
    lua_setfield(L, mt, events[i].event);
  }
  push_callable(L, S, "sub", list, signatures("sub", list), 0, call)->event = 1;
  push_callable(L, S, "sub", &rsub, 1, 0, call)->event = 1;
  lua_pushcclosure(L, sided, 2);
  lua_setfield(L, mt, "__sub");
  push_callable(L, S, "div", list, signatures("div", list), 0, call)->event = 1;
  lua_getfield(L, module, "reciprocal");
  lua_getfield(L, module, "mul");
  lua_pushcclosure(L, divide_number, 2);
  lua_pushcclosure(L, sided, 2);
  lua_setfield(L, mt, "__div");
  lua_pop(L, 1);
}

void tide__open_call(lua_State *L, State *S, int module) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->bundle_mt);
  lua_pushcfunction(L, bundle_gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->methods);
  set_finder(L, S, module, "", 0);
  lua_pushvalue(L, module);
  set_finder(L, S, module, "", 0);
  const tide_Op *op;
  for (int i = 0; (op = tide_operator(i)) != NULL; i++) add_spaces(L, S, module, tide_signature(op)->name);
  add_events(L, S, module);
  static const luaL_Reg functions[] = {{"operators", operators}, {"operator", operator}, {NULL, NULL}};
  tide__register(L, S, module, functions);
  lua_pop(L, 2);
}

/* }========================================================= */
