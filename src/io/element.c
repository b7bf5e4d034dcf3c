/*
** Numbers in files: their names in each format, what they become, and bytes to tensors and back.
**
** A dtype that tide lacks is read into the smallest one that holds all of its values. What no dtype can hold (uint64, complex, float8)
** is an error of the reader that met the name.
*/
#include "io/io.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/dtype.h"
#include "tensor/tensor.h"

const tide__Element tide__elements[] = {
  {{"F32",  "f4", "FloatStorage",    "float32"},  TIDE_FLOAT32, 4, AS_IT_IS},
  {{"F64",  "f8", "DoubleStorage",   "float64"},  TIDE_FLOAT64, 8, AS_IT_IS},
  {{"I64",  "i8", "LongStorage",     "int64"},    TIDE_INT64,   8, AS_IT_IS},
  {{"I32",  "i4", "IntStorage",      "int32"},    TIDE_INT32,   4, AS_IT_IS},
  {{"I16",  "i2", "ShortStorage",    "int16"},    TIDE_INT16,   2, AS_IT_IS},
  {{"I8",   "i1", "CharStorage",     "int8"},     TIDE_INT8,    1, AS_IT_IS},
  {{"U8",   "u1", "ByteStorage",     "uint8"},    TIDE_UINT8,   1, AS_IT_IS},
  {{"BOOL", "b1", "BoolStorage",     "bool"},     TIDE_BOOL,    1, FROM_BOOL},
  {{"F16",  "f2", "HalfStorage",     "float16"},  TIDE_FLOAT32, 2, FROM_HALF},
  {{"BF16", NULL, "BFloat16Storage", "bfloat16"}, TIDE_FLOAT32, 2, FROM_BFLOAT},
  {{"U16",  "u2", NULL,              "uint16"},   TIDE_INT32,   2, FROM_UINT16},
  {{"U32",  "u4", NULL,              "uint32"},   TIDE_INT64,   4, FROM_UINT32},
};

const tide__Element *tide__find_element(int column, const char *name, size_t n) {
  for (size_t k = 0; k < sizeof tide__elements / sizeof *tide__elements; k++) {
    const char *own = tide__elements[k].names[column];
    if (own && strlen(own) == n && !memcmp(own, name, n)) return &tide__elements[k];
  }
  return NULL;
}

int64_t tide__count(const tide_Contents *r, int ndim, const int64_t *shape, size_t size) {
  int64_t n = 1, most = ((int64_t)1 << 46) / (int64_t)size;
  int empty = 0;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] < 0) { tide__bad(r, "a size of %lld is negative", (long long)shape[d]); return -1; }
    if (shape[d] == 0) empty = 1;
  }
  for (int d = 0; d < ndim && !empty; d++) {
    if (shape[d] > most / n) { tide__bad(r, "the sizes %s are too large", SIZES_TEXT(ndim, shape)); return -1; }
    n *= shape[d];
  }
  return empty ? 0 : n;
}


/* {======================== reading ======================== */

static float from_half(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 0x3ff, bits;
  float f;
  if (exponent == 0) {                              /* zero, or a multiple of 2^-24 */
    f = (float)fraction * 0x1p-24f;
    return sign ? -f : f;
  }
  bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
  memcpy(&f, &bits, 4);
  return f;
}

static float from_bfloat(uint16_t h) {
  uint32_t bits = (uint32_t)h << 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

static void swap_bytes(char *to, const char *from, size_t size) { for (size_t i = 0; i < size; i++) to[i] = from[size - 1 - i]; }

static void convert(const tide__Element *e, int swap, const char *from, char *to, int64_t n) {
  size_t size = e->size;
  if (e->how == AS_IT_IS && !swap) { if (n) memcpy(to, from, (size_t)n * size); return; }
  for (int64_t i = 0; i < n; i++, from += size) {
    char one[8];
    uint16_t h;
    uint32_t w;
    if (swap) swap_bytes(one, from, size); else memcpy(one, from, size);
    memcpy(&h, one, sizeof h);
    memcpy(&w, one, sizeof w);
    switch (e->how) {
      case AS_IT_IS: memcpy(to + i * (int64_t)size, one, size); break;
      case FROM_BOOL: to[i] = one[0] != 0; break;
      case FROM_HALF: ((float *)to)[i] = from_half(h); break;
      case FROM_BFLOAT: ((float *)to)[i] = from_bfloat(h); break;
      case FROM_UINT16: ((int32_t *)to)[i] = h; break;
      case FROM_UINT32: ((int64_t *)to)[i] = w; break;
    }
  }
}

/* Bytes of booleans that are nothing but 0 and 1. */
static int are_booleans(const char *p, int64_t n) {
  uint8_t all = 0;
  for (int64_t i = 0; i < n; i++) all |= (uint8_t)p[i];
  return all <= 1;
}

tide_Tensor *tide__tensor(tide_Contents *r, tide__Source *s, size_t offset, const tide__Element *e, int swap, int fortran, int ndim, const int64_t *shape) {
  tide_Context *c = r->c;
  if (tide__interrupted(c) && !tide__take_interrupt(c)) return NULL;
  if (ndim > TIDE_MAXDIM) return tide__bad(r, "a tensor of %d dimensions: at most %d are possible", ndim, TIDE_MAXDIM);
  int64_t n = tide__count(r, ndim, shape, tide__size[e->dtype]), strides[TIDE_MAXDIM], step = 1;
  if (n < 0) return NULL;
  tide__contiguous_strides(ndim, shape, strides);
  for (int d = 0; fortran && d < ndim; d++) { strides[d] = step; step *= shape[d] > 1 ? shape[d] : 1; }
  char *p = s->p + offset;
  int as_it_is = (e->how == AS_IT_IS && !swap) || (e->how == FROM_BOOL && s->drop && are_booleans(p, n));
  if (as_it_is && s->drop && (uintptr_t)p % e->size == 0)
    return tide_from_memory(c, p, e->dtype, ndim, shape, strides, tide__source_release, tide__source_retain(s));
  tide_Tensor *t = tide__new_strided(c, e->dtype, ndim, shape, strides);
  if (!t) return NULL;
  convert(e, swap && e->size > 1, p, t->data, n);
  return tide__own(c, t);
}

/* }========================================================= */


/* {======================== writing ======================== */

int tide__sink_write(tide__Sink *k, const void *bytes, size_t n) {
  if (n == 0) return 1;
  if (tide__interrupted(k->c)) return tide__take_interrupt(k->c);
  if (!k->write(k->arg, bytes, n)) { tide__fail(k->c, TIDE_EFILE, "the bytes could not be written"); return 0; }
  k->n += n;
  return 1;
}

static int write_swapped(tide__Sink *k, const char *p, size_t n, size_t size) {
  char some[4096];
  for (size_t done = 0; done < n;) {
    size_t m = n - done < sizeof some ? n - done : sizeof some;
    for (size_t i = 0; i < m; i += size) swap_bytes(some + i, p + done + i, size);
    if (!tide__sink_write(k, some, m)) return 0;
    done += m;
  }
  return 1;
}

int tide__write_tensor(tide__Sink *k, tide_Tensor *t, int little) {
  tide_Scope scope = tide_scope(k->c);
  size_t size = tide__size[t->dtype];
  tide_Tensor *x = tide_contiguous(tide_detach(t));
  int ok = x && (little && tide__big_endian() ? write_swapped(k, x->data, (size_t)x->n * size, size) : tide__sink_write(k, x->data, (size_t)x->n * size));
  tide_close(k->c, scope, NULL);
  return ok;
}

void tide__add(tide__Builder *b, const void *bytes, size_t n) {
  if (b->failed || n == 0) return;
  if (!tide__reserve(b->c, (void **)&b->p, &b->capacity, b->n + n, 1)) { b->failed = 1; return; }
  memcpy(b->p + b->n, bytes, n);
  b->n += n;
}

void tide__addf(tide__Builder *b, const char *format, ...) {
  char text[200];
  va_list ap;
  va_start(ap, format);
  int n = vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  tide__add(b, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void tide__builder_free(tide__Builder *b) { tide__free(b->c, b->p, b->capacity); }

/* }========================================================= */
