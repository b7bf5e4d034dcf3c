/*
** Pickles, protocols 2 to 5, by a machine with a stack and a memo, as far as data needs it: numbers, strings, lists, tuples (which become lists),
** dictionaries. It has no way to run anything: a name outside is looked up in the host's list, and calling it is the host's function
** for that name. An unknown name, an unknown instruction and what has no counterpart (sets, objects, integers over 64 bits) are errors.
**
** Every instruction is at least a byte and pushes at most one item, so the stack, the memo and the items are bounded by the pickle's length.
*/
#include "io/io.h"

#include <math.h>

typedef struct Machine {
  tide__PickleHost *h;
  tide_Contents *r;
  const char *start, *s, *end;
  tide_Item **stack, **memo;
  size_t n, cstack, nmemo, cmemo;
} Machine;

static int fail(Machine *m, const char *what) { tide__bad(m->r, "pickle at byte %zu: %s", (size_t)(m->s - m->start), what); return 0; }


/* {======================== operands ======================== */

static const char *bytes(Machine *m, uint64_t n) {
  if ((uint64_t)(m->end - m->s) < n) { fail(m, "it ends early"); return NULL; }
  const char *p = m->s;
  m->s += n;
  return p;
}

/* An unsigned number of `size` bytes, little end first: 1, or 0 where the pickle ends. */
static int number(Machine *m, int size, uint64_t *v) {
  const char *p = bytes(m, (uint64_t)size);
  if (!p) return 0;
  *v = 0;
  for (int i = size; i-- > 0;) *v = *v << 8 | (unsigned char)p[i];
  return 1;
}

/* A line without its newline. */
static const char *line(Machine *m, size_t *n) {
  const char *p = m->s, *q = memchr(p, '\n', (size_t)(m->end - p));
  if (!q) { fail(m, "a line without an end"); return NULL; }
  *n = (size_t)(q - p);
  m->s = q + 1;
  return p;
}

/* }========================================================= */


/* {======================== stack and memo ======================== */

static int push(Machine *m, tide_Item *item) {
  if (!item || !tide__reserve(m->r->c, (void **)&m->stack, &m->cstack, m->n + 1, sizeof *m->stack)) return 0;
  m->stack[m->n++] = item;
  return 1;
}

/* The item `back` places under the top, 0 being the top; NULL with an error: there is none, or a mark. */
static tide_Item *look(Machine *m, size_t back) {
  if (back >= m->n) { fail(m, "its stack is empty"); return NULL; }
  tide_Item *item = m->stack[m->n - 1 - back];
  if (item->kind != TIDE__ITEM_MARK) return item;
  fail(m, "a mark stands where a value is expected");
  return NULL;
}

static tide_Item *pop(Machine *m) {
  tide_Item *item = look(m, 0);
  if (item) m->n--;
  return item;
}

/* Index of the first item above the last mark; 0: there is no mark. */
static size_t after_mark(Machine *m) {
  size_t i = m->n;
  while (i > 0 && m->stack[i - 1]->kind != TIDE__ITEM_MARK) i--;
  if (i == 0) fail(m, "a mark is missing");
  return i;
}

static int remember(Machine *m, uint64_t i) {
  tide_Item *item = look(m, 0);
  if (!item) return 0;
  if (i >= (uint64_t)(m->end - m->start)) return fail(m, "a place in the memo that no pickle of this length has");
  if (!tide__reserve(m->r->c, (void **)&m->memo, &m->cmemo, (size_t)i + 1, sizeof *m->memo)) return 0;
  while (m->nmemo <= i) m->memo[m->nmemo++] = NULL;
  m->memo[i] = item;
  return 1;
}

static int recall(Machine *m, uint64_t i) {
  if (i >= m->nmemo || !m->memo[i]) return fail(m, "a place in the memo that is empty");
  return push(m, m->memo[i]);
}

/* }========================================================= */


/* {======================== containers ======================== */

static int push_tuple(Machine *m, size_t from) {
  tide_Item *list = tide__item(m->r, TIDE_ITEM_LIST);
  for (size_t i = from; list && i < m->n; i++) if (!tide__append(m->r, list, m->stack[i])) return 0;
  m->n = from;
  return push(m, list);
}

static int push_short_tuple(Machine *m, size_t n) {
  for (size_t i = 0; i < n; i++) if (!look(m, i)) return 0;
  return push_tuple(m, m->n - n);
}

static int push_marked_tuple(Machine *m) {
  size_t from = after_mark(m);
  if (!from) return 0;
  m->n--;
  memmove(m->stack + from - 1, m->stack + from, (m->n - from + 1) * sizeof *m->stack);
  return push_tuple(m, from - 1);
}

static int is_key(const tide_Item *k) {
  return k->kind == TIDE_ITEM_STRING || k->kind == TIDE_ITEM_INTEGER || k->kind == TIDE_ITEM_BOOLEAN || (k->kind == TIDE_ITEM_NUMBER && !isnan(k->d));
}

/* The items from `from` on go into the container below them (`mark`: below the mark). */
static int fill(Machine *m, size_t from, int kind, int mark) {
  size_t n = m->n - from;
  if (from < 1u + (unsigned)mark) return fail(m, "its stack is empty");
  tide_Item *container = m->stack[from - 1 - (unsigned)mark];
  if (container->kind != kind || (kind == TIDE_ITEM_DICT && n % 2)) return fail(m, "what is to be filled is no such container");
  for (size_t i = from; i < m->n; i += kind == TIDE_ITEM_DICT ? 2 : 1) {
    if (kind == TIDE_ITEM_LIST) { if (!tide__append(m->r, container, m->stack[i])) return 0; continue; }
    if (!is_key(m->stack[i])) return fail(m, "a key that is neither a string nor a number");
    if (!tide__put(m->r, container, m->stack[i], m->stack[i + 1])) return 0;
  }
  m->n = from - (unsigned)mark;
  return 1;
}

static int fill_marked(Machine *m, int kind) {
  size_t from = after_mark(m);
  return from && fill(m, from, kind, 1);
}

static int fill_one(Machine *m, int kind, size_t n) {
  for (size_t i = 0; i < n; i++) if (!look(m, i)) return 0;
  return fill(m, m->n - n, kind, 0);
}

/* }========================================================= */


/* {======================== values ======================== */

static int push_constant(Machine *m, int kind, int64_t i) {
  tide_Item *item = tide__item(m->r, kind);
  if (item) item->i = i;
  return push(m, item);
}

static int push_unsigned(Machine *m, int size) {
  uint64_t v;
  return number(m, size, &v) && push(m, tide__item_integer(m->r, (int64_t)v));
}

static int push_int32(Machine *m) {
  uint64_t v;
  return number(m, 4, &v) && push(m, tide__item_integer(m->r, (int32_t)(uint32_t)v));
}

/* An integer in two's complement of as many bytes as the operand says. */
static int push_long(Machine *m, int size) {
  uint64_t n, v = 0;
  if (!number(m, size, &n)) return 0;
  const char *p = bytes(m, n);
  if (!p) return 0;
  if (n > 8) return fail(m, "an integer of more than 64 bits");
  for (uint64_t i = n; i-- > 0;) v = v << 8 | (unsigned char)p[i];
  if (n > 0 && n < 8 && p[n - 1] & 0x80) v |= ~(uint64_t)0 << 8 * n;
  return push(m, tide__item_integer(m->r, (int64_t)v));
}

static int push_float(Machine *m) {
  const char *p = bytes(m, 8);
  tide_Item *item = p ? tide__item(m->r, TIDE_ITEM_NUMBER) : NULL;
  uint64_t v = 0;
  if (!item) return 0;
  for (int i = 0; i < 8; i++) v = v << 8 | (unsigned char)p[i];
  memcpy(&item->d, &v, 8);
  return push(m, item);
}

static int push_string(Machine *m, int size) {
  uint64_t n;
  if (!number(m, size, &n)) return 0;
  const char *p = bytes(m, n);
  return p && push(m, tide__item_string(m->r, p, (size_t)n));
}

/* }========================================================= */


/* {======================== names and calls ======================== */

static int push_global(Machine *m, const char *module, size_t nmodule, const char *name, size_t nname) {
  char a[64], b[64];
  int k = -1;
  if (nmodule < sizeof a && nname < sizeof b && !memchr(module, 0, nmodule) && !memchr(name, 0, nname)) {
    memcpy(a, module, nmodule); a[nmodule] = 0;
    memcpy(b, name, nname); b[nname] = 0;
    k = m->h->find(m->h, a, b);
  }
  if (k >= 0) return push_constant(m, TIDE__ITEM_GLOBAL, k);
  tide__bad(m->r, "it asks for %s.%s, which is not among the few names that are plain data; nothing was executed", SHOWN(module, nmodule), SHOWN(name, nname));
  return 0;
}

static int global_line(Machine *m) {
  size_t nmodule, nname;
  const char *module = line(m, &nmodule), *name = module ? line(m, &nname) : NULL;
  return name && push_global(m, module, nmodule, name, nname);
}

static int global_stack(Machine *m) {
  tide_Item *name = pop(m), *module = name ? pop(m) : NULL;
  if (!module) return 0;
  if (name->kind != TIDE_ITEM_STRING || module->kind != TIDE_ITEM_STRING) return fail(m, "a name that is no string");
  return push_global(m, module->s, module->n, name->s, name->n);
}

static int call(Machine *m) {
  tide_Item *args = pop(m), *f = args ? pop(m) : NULL;
  if (!f) return 0;
  if (f->kind != TIDE__ITEM_GLOBAL || args->kind != TIDE_ITEM_LIST) return fail(m, "only the names that it asked for can be called, with a tuple");
  return push(m, m->h->call(m->h, (int)f->i, args));
}

/* The state of an OrderedDict (the _metadata of a state_dict) says nothing that is read here; other objects there are none. */
static int build(Machine *m) {
  tide_Item *state = pop(m), *object = state ? look(m, 0) : NULL;
  if (!object) return 0;
  return object->kind == TIDE_ITEM_DICT || fail(m, "an object with a state of its own");
}

static int persistent(Machine *m) {
  tide_Item *id = pop(m);
  return id && push(m, m->h->persistent(m->h, id));
}

/* }========================================================= */


enum {
  MARK = '(', STOP = '.', POP = '0', BININT = 'J', BININT1 = 'K', BININT2 = 'M', NONE = 'N', BINPERSID = 'Q', REDUCE = 'R', BINUNICODE = 'X', APPEND = 'a', BUILD = 'b',
  GLOBAL = 'c', EMPTY_DICT = '}', APPENDS = 'e', BINGET = 'h', LONG_BINGET = 'j', EMPTY_LIST = ']', BINPUT = 'q', LONG_BINPUT = 'r', SETITEM = 's', TUPLE = 't',
  EMPTY_TUPLE = ')', SETITEMS = 'u', BINFLOAT = 'G', BINSTRING = 'T', SHORT_BINSTRING = 'U', BINBYTES = 'B', SHORT_BINBYTES = 'C',
  PROTO = 0x80, NEWOBJ = 0x81, TUPLE1 = 0x85, TUPLE2 = 0x86, TUPLE3 = 0x87, NEWTRUE = 0x88, NEWFALSE = 0x89, LONG1 = 0x8a, LONG4 = 0x8b, SHORT_BINUNICODE = 0x8c,
  BINUNICODE8 = 0x8d, BINBYTES8 = 0x8e, STACK_GLOBAL = 0x93, MEMOIZE = 0x94, FRAME = 0x95
};

/* One instruction: 1; 0 with an error. */
static int step(Machine *m, int op) {
  uint64_t v;
  switch (op) {
    case PROTO: return number(m, 1, &v) && ((v >= 2 && v <= 5) || fail(m, "its protocol is none of 2 to 5"));
    case FRAME: return number(m, 8, &v);
    case MARK: return push_constant(m, TIDE__ITEM_MARK, 0);
    case POP: return pop(m) != NULL;
    case NONE: return push_constant(m, TIDE_ITEM_NONE, 0);
    case NEWTRUE: return push_constant(m, TIDE_ITEM_BOOLEAN, 1);
    case NEWFALSE: return push_constant(m, TIDE_ITEM_BOOLEAN, 0);
    case BININT: return push_int32(m);
    case BININT1: return push_unsigned(m, 1);
    case BININT2: return push_unsigned(m, 2);
    case LONG1: return push_long(m, 1);
    case LONG4: return push_long(m, 4);
    case BINFLOAT: return push_float(m);
    case SHORT_BINUNICODE: case SHORT_BINSTRING: case SHORT_BINBYTES: return push_string(m, 1);
    case BINUNICODE: case BINSTRING: case BINBYTES: return push_string(m, 4);
    case BINUNICODE8: case BINBYTES8: return push_string(m, 8);
    case EMPTY_LIST: case EMPTY_TUPLE: return push_constant(m, TIDE_ITEM_LIST, 0);
    case EMPTY_DICT: return push_constant(m, TIDE_ITEM_DICT, 0);
    case TUPLE1: case TUPLE2: case TUPLE3: return push_short_tuple(m, (size_t)(op - TUPLE1 + 1));
    case TUPLE: return push_marked_tuple(m);
    case APPEND: return fill_one(m, TIDE_ITEM_LIST, 1);
    case APPENDS: return fill_marked(m, TIDE_ITEM_LIST);
    case SETITEM: return fill_one(m, TIDE_ITEM_DICT, 2);
    case SETITEMS: return fill_marked(m, TIDE_ITEM_DICT);
    case BINPUT: return number(m, 1, &v) && remember(m, v);
    case LONG_BINPUT: return number(m, 4, &v) && remember(m, v);
    case MEMOIZE: return remember(m, m->nmemo);
    case BINGET: return number(m, 1, &v) && recall(m, v);
    case LONG_BINGET: return number(m, 4, &v) && recall(m, v);
    case GLOBAL: return global_line(m);
    case STACK_GLOBAL: return global_stack(m);
    case REDUCE: case NEWOBJ: return call(m);
    case BUILD: return build(m);
    case BINPERSID: return persistent(m);
  }
  tide__bad(m->r, "pickle at byte %zu: instruction 0x%02x is none of those that plain data needs", (size_t)(m->s - m->start), op);
  return 0;
}

static tide_Item *run(Machine *m) {
  for (;;) {
    const char *p = bytes(m, 1);
    if (!p) return NULL;
    int op = (unsigned char)*p;
    if (op == STOP) break;
    if (!step(m, op)) return NULL;
  }
  tide_Item *root = pop(m);
  if (root && (m->n || m->s != m->end)) { fail(m, "something is left at its end"); return NULL; }
  return root && tide__check_tree(m->r, root) ? root : NULL;
}

tide_Item *tide__pickle(tide__PickleHost *h, const char *p, size_t n) {
  Machine m = {.h = h, .r = h->r, .start = p, .s = p, .end = p + n};
  tide_Item *root = run(&m);
  tide__free(m.r->c, m.stack, m.cstack * sizeof *m.stack);
  tide__free(m.r->c, m.memo, m.cmemo * sizeof *m.memo);
  return root;
}
