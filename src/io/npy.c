/*
** NumPy's .npy, versions 1.0 to 3.0, and .npz, a zip archive of them.
**
** Magic, version, the length of the header (2 bytes; 4 since 2.0), the header: a Python dictionary with descr, fortran_order and shape, in text that
** ends with a newline. Then the elements. What is written is version 1.0 in C order.
*/
#include "io/io.h"

#include "base/dtype.h"
#include "tensor/tensor.h"


/* {======================== the header ======================== */

typedef struct Header { const tide__Element *element; int swap, fortran, ndim; int64_t shape[TIDE_MAXDIM]; } Header;
typedef struct Cursor { const char *s, *end; } Cursor;

static void space(Cursor *p) { while (p->s < p->end && (*p->s == ' ' || *p->s == '\n' || *p->s == '\t' || *p->s == '\r')) p->s++; }
static int take(Cursor *p, char c) {
  space(p);
  if (p->s >= p->end || *p->s != c) return 0;
  p->s++;
  return 1;
}
static int take_word(Cursor *p, const char *w) {
  size_t n = strlen(w);
  space(p);
  if ((size_t)(p->end - p->s) < n || memcmp(p->s, w, n)) return 0;
  p->s += n;
  return 1;
}

/* A string without escapes: its length, -1 if there is none. */
static int take_string(Cursor *p, const char **s) {
  char quote = take(p, '\'') ? '\'' : take(p, '"') ? '"' : 0;
  if (!quote) return -1;
  *s = p->s;
  while (p->s < p->end && *p->s != quote) if (*p->s++ == '\\') return -1;
  return p->s < p->end && p->s - *s < 1000 ? (int)(p->s++ - *s) : -1;
}

/* (2, 3), (2,), (); Python 2 wrote 2L */
static int take_shape(Cursor *p, Header *h) {
  if (!take(p, '(')) return 0;
  for (h->ndim = 0; !take(p, ')');) {
    if (h->ndim && !take(p, ',')) return 0;
    if (take(p, ')')) break;
    if (h->ndim == TIDE_MAXDIM) return 0;
    int64_t n = 0;
    const char *from = p->s;
    for (; p->s < p->end && *p->s >= '0' && *p->s <= '9'; p->s++) {
      if (n > (int64_t)1 << 58) return 0;
      n = 10 * n + (*p->s - '0');
    }
    if (p->s == from) return 0;
    if (p->s < p->end && *p->s == 'L') p->s++;
    h->shape[h->ndim++] = n;
    space(p);
  }
  return 1;
}

/* '<f4': byte order, kind, bytes */
static int take_descr(tide_Contents *r, Cursor *p, Header *h) {
  const char *s;
  space(p);
  if (p->s < p->end && *p->s == '[') { tide__bad(r, "an array of records: there are none here"); return 0; }
  int n = take_string(p, &s);
  if (n < 1) { tide__bad(r, "the npy header cannot be read: descr has to be a string"); return 0; }
  int order = strchr("<>|=", *s) ? *s : 0, mark = order != 0;
  h->element = tide__find_element(IN_NUMPY, s + mark, (size_t)(n - mark));
  if (!h->element) { tide__bad(r, "its dtype '%s' has no counterpart", SHOWN(s, (size_t)n)); return 0; }
  h->swap = (order == '>' && !tide__big_endian()) || (order == '<' && tide__big_endian());
  return 1;
}

static int take_entries(tide_Contents *r, Cursor *p, Header *h) {
  int seen = 0;
  while (!take(p, '}')) {
    const char *key;
    if (seen && !take(p, ',')) return 0;
    if (seen && take(p, '}')) break;
    int n = take_string(p, &key), what = n == 5 && !memcmp(key, "descr", 5) ? 1 : n == 13 && !memcmp(key, "fortran_order", 13) ? 2 : n == 5 && !memcmp(key, "shape", 5) ? 4 : 0;
    if (!what || seen & what || !take(p, ':')) return 0;
    if (what == 1 && !take_descr(r, p, h)) return 0;
    if (what == 2 && !(h->fortran = take_word(p, "True")) && !take_word(p, "False")) return 0;
    if (what == 4 && !take_shape(p, h)) return 0;
    seen |= what;
  }
  space(p);
  return seen == 7 && p->s == p->end;
}

static int read_header(tide_Contents *r, const char *s, size_t n, Header *h) {
  Cursor p = {s, s + n};
  if (take(&p, '{') && take_entries(r, &p, h)) return 1;
  if (tide_error_code(r->c) == TIDE_OK) tide__bad(r, "the npy header cannot be read: \"%s\"", SHOWN(s, n));
  return 0;
}

/* }========================================================= */


/* {======================== reading ======================== */

tide_Tensor *tide__npy(tide_Contents *r, tide__Source *s, size_t offset, size_t n) {
  const unsigned char *p = (const unsigned char *)s->p + offset;
  Header h;
  if (n < 10 || memcmp(p, "\x93NUMPY", 6)) return tide__bad(r, "this is no npy file: it does not begin as one");
  if (p[6] < 1 || p[6] > 3 || p[7] != 0) return tide__bad(r, "npy version %d.%d; 1.0, 2.0 and 3.0 can be read", p[6], p[7]);
  size_t start = p[6] == 1 ? 10 : 12, length = p[8] | (size_t)p[9] << 8;
  if (n < start) return tide__bad(r, "the npy file ends within its header");
  if (start == 12) length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
  if (length > n - start) return tide__bad(r, "the npy file ends within its header of %zu bytes", length);
  if (!read_header(r, (const char *)p + start, length, &h)) return NULL;
  int64_t count = tide__count(r, h.ndim, h.shape, h.element->size);
  if (count < 0) return NULL;
  size_t want = (size_t)count * h.element->size, have = n - start - length;
  if (want != have) return tide__bad(r, "an array of sizes %s takes %zu bytes, but %zu follow the header", SIZES_TEXT(h.ndim, h.shape), want, have);
  return tide__tensor(r, s, offset + start + length, h.element, h.swap, h.fortran, h.ndim, h.shape);
}

int tide__read_npy(tide_Contents *r, tide__Source *s) {
  r->root = tide__item_tensor(r, tide__npy(r, s, 0, s->n));
  return r->root != NULL;
}

/* An array under its name, which is the entry's without .npy. */
static int read_entry(tide_Contents *r, tide__Zip *z, const tide__ZipEntry *e) {
  size_t offset, n = e->nname;
  if (n < 4 || memcmp(e->name + n - 4, ".npy", 4)) { tide__bad(r, "entry \"%s\" is no array: its name does not end in .npy", SHOWN(e->name, n)); return 0; }
  tide__Source *bytes = tide__zip_bytes(z, e, &offset);
  if (!bytes) return 0;
  tide_Item *array = tide__item_tensor(r, tide__npy(r, bytes, offset, e->size));
  tide__source_release(bytes);
  return tide__put(r, r->root, tide__item_string(r, e->name, n - 4), array);
}

int tide__read_npz(tide_Contents *r, tide__Source *s) {
  tide__Zip z;
  if (!tide__zip_open(&z, r, s)) return 0;
  if (tide__zip_is_checkpoint(&z)) return tide__read_checkpoint(r, s);
  if (!(r->root = tide__item(r, TIDE_ITEM_DICT))) return 0;
  for (size_t i = 0; i < z.n; i++) if (!read_entry(r, &z, &z.entries[i])) return 0;
  return 1;
}

/* }========================================================= */


/* {======================== writing ======================== */

/* Magic to newline, padded so that the elements begin at a multiple of 64. */
static void add_header(tide__Builder *b, const tide_Tensor *t) {
  size_t size = tide__size[t->dtype];
  tide__add(b, "\x93NUMPY\1\0\0\0", 10);
  tide__addf(b, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", size == 1 ? '|' : tide__big_endian() ? '>' : '<', tide__elements[t->dtype].names[IN_NUMPY]);
  for (int d = 0; d < t->ndim; d++) tide__addf(b, d ? ", %lld" : "%lld", (long long)t->shape[d]);
  tide__addf(b, t->ndim == 1 ? ",), }" : "), }");
  while ((b->n + 1) % 64 && !b->failed) tide__add(b, " ", 1);
  tide__add(b, "\n", 1);
  if (b->failed) return;
  b->p[8] = (char)((b->n - 10) & 0xff);
  b->p[9] = (char)((b->n - 10) >> 8);
}

int tide__write_npy(tide__Sink *k, tide_Tensor *t) {
  tide__Builder header = {.c = k->c};
  add_header(&header, t);
  int ok = !header.failed && tide__sink_write(k, header.p, header.n) && tide__write_tensor(k, t, 0);
  tide__builder_free(&header);
  return ok;
}

/* }========================================================= */
