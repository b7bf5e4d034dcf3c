/*
** safetensors: eight bytes with the length of the header, little end first; the header, a JSON object padded with spaces; the tensors' bytes.
**
**   {"__metadata__": {"key": "text"}, "weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
**
** Offsets count from the end of the header. The tensors fill what follows it, in any order, without a hole or an overlap. Here the header keeps the order
** of the names, and the bytes stand by falling size of their elements, so that all are aligned.
*/
#include "io/io.h"

#include <stdlib.h>

#include "base/dtype.h"
#include "tensor/tensor.h"

#define HEADER_MAX ((size_t)100 << 20)  /* as in the format's own reader */


/* {======================== reading ======================== */

typedef struct Place { size_t first, last; const tide_Item *name; } Place;      /* bytes of a tensor, after the header */

static int integers(const tide_Item *list, int64_t *to, size_t most) {
  if (!list || list->kind != TIDE_ITEM_LIST || list->n > most) return -1;
  for (size_t i = 0; i < list->n; i++) {
    if (list->list[i]->kind != TIDE_ITEM_INTEGER || list->list[i]->i < 0) return -1;
    to[i] = list->list[i]->i;
  }
  return (int)list->n;
}

/* One tensor by its entry in the header; `data` is where the bytes begin. */
static tide_Item *read_tensor(tide_Contents *r, tide__Source *s, size_t data, const tide_Item *name, const tide_Item *entry, Place *place) {
  const char *shown = SHOWN(name->s, name->n);
  if (entry->kind != TIDE_ITEM_DICT) return tide__bad(r, "tensor \"%s\": an object with dtype, shape and data_offsets is expected", shown);
  const tide_Item *dtype = tide_item_get(entry, "dtype"), *sizes = tide_item_get(entry, "shape");
  int64_t shape[TIDE_MAXDIM], offsets[2];
  if (!dtype || dtype->kind != TIDE_ITEM_STRING) return tide__bad(r, "tensor \"%s\": dtype is missing", shown);
  const tide__Element *e = tide__find_element(IN_SAFETENSORS, dtype->s, dtype->n);
  if (!e) return tide__bad(r, "tensor \"%s\": its dtype %s has no counterpart", shown, SHOWN(dtype->s, dtype->n));
  if (sizes && sizes->kind == TIDE_ITEM_LIST && sizes->n > TIDE_MAXDIM) return tide__bad(r, "tensor \"%s\": %zu dimensions: at most %d are possible", shown, sizes->n, TIDE_MAXDIM);
  int ndim = integers(sizes, shape, TIDE_MAXDIM);
  if (ndim < 0) return tide__bad(r, "tensor \"%s\": shape has to be a list of sizes", shown);
  if (integers(tide_item_get(entry, "data_offsets"), offsets, 2) != 2 || offsets[0] > offsets[1])
    return tide__bad(r, "tensor \"%s\": data_offsets have to be where it begins and ends", shown);
  size_t room = s->n - data;
  if ((uint64_t)offsets[1] > room) return tide__bad(r, "tensor \"%s\" ends at byte %lld, but there are only %zu", shown, (long long)offsets[1], room);
  int64_t n = tide__count(r, ndim, shape, e->size);
  if (n < 0) return NULL;
  if (n * e->size != offsets[1] - offsets[0])
    return tide__bad(r, "tensor \"%s\": %s of sizes %s takes %lld bytes, not %lld", shown, e->names[IN_SAFETENSORS], SIZES_TEXT(ndim, shape), (long long)(n * e->size),
                     (long long)(offsets[1] - offsets[0]));
  *place = (Place){(size_t)offsets[0], (size_t)offsets[1], name};
  return tide__item_tensor(r, tide__tensor(r, s, data + place->first, e, tide__big_endian(), 0, ndim, shape));
}

static int compare_places(const void *a, const void *b) {
  const Place *p = a, *q = b;
  return p->first != q->first ? (p->first > q->first) - (p->first < q->first) : (p->last > q->last) - (p->last < q->last);
}

/* Do the n places, sorted here, fill `room` bytes one after another? */
static int check_places(tide_Contents *r, Place *p, size_t n, size_t room) {
  qsort(p, n, sizeof *p, compare_places);
  size_t at = 0;
  for (size_t i = 0; i < n; at = p[i++].last)
    if (p[i].first != at) { tide__bad(r, "%s before tensor \"%s\"", p[i].first > at ? "there is a hole" : "there is an overlap", SHOWN(p[i].name->s, p[i].name->n)); return 0; }
  if (at != room) { tide__bad(r, "%zu bytes behind the last tensor", room - at); return 0; }
  return 1;
}

static int check_metadata(tide_Contents *r, tide_Item *metadata) {
  int ok = metadata->kind == TIDE_ITEM_DICT;
  for (size_t i = 0; ok && i < metadata->n; i++) ok = metadata->list[2 * i + 1]->kind == TIDE_ITEM_STRING;
  if (!ok) tide__bad(r, "__metadata__ has to be an object of strings");
  return ok;
}

int tide__read_safetensors(tide_Contents *r, tide__Source *s) {
  uint64_t length = 0;
  if (s->n < 8) { tide__bad(r, "%zu bytes are too few for a safetensors file", s->n); return 0; }
  for (int i = 8; i-- > 0;) length = length << 8 | (unsigned char)s->p[i];
  if (length > HEADER_MAX) { tide__bad(r, "this is no safetensors file, or its header of %llu bytes is too long", (unsigned long long)length); return 0; }
  if (length > s->n - 8) { tide__bad(r, "the file ends at byte %zu, within its header of %llu bytes", s->n, (unsigned long long)length); return 0; }
  size_t data = 8 + (size_t)length, places = 0;
  if (length == 0 || s->p[8] != '{') { tide__bad(r, "this is no safetensors file: its header does not begin with '{'"); return 0; }
  tide_Item *header = tide__json(r, s->p + 8, (size_t)length), *root = header ? tide__item(r, TIDE_ITEM_DICT) : NULL;
  Place *place = root ? tide__room(r, (header->n + 1) * sizeof *place) : NULL;
  if (!place) return 0;
  for (size_t i = 0; i < header->n; i++) {
    tide_Item *name = header->list[2 * i], *entry = header->list[2 * i + 1];
    if (name->n == 12 && !memcmp(name->s, "__metadata__", 12)) {
      if (!check_metadata(r, entry)) return 0;
      r->metadata = entry;
    }
    else if (!tide__put(r, root, name, read_tensor(r, s, data, name, entry, &place[places++]))) return 0;
  }
  r->root = root;
  return check_places(r, place, places, s->n - data);
}

/* }========================================================= */


/* {======================== writing ======================== */

/* Calls visit for the tensors in the order of their bytes. */
static int in_order(const tide__Output *out, int (*visit)(void *arg, size_t i), void *arg) {
  for (size_t size = 8; size > 0; size /= 2)
    for (size_t i = 0; i < out->n; i++) if (tide__size[out->tensors[i]->dtype] == size && !visit(arg, i)) return 0;
  return 1;
}

typedef struct Layout { const tide__Output *out; uint64_t *offsets, at; } Layout;

static int place_tensor(void *arg, size_t i) {
  Layout *l = arg;
  const tide_Tensor *t = l->out->tensors[i];
  l->offsets[i] = l->at;
  l->at += (uint64_t)t->n * tide__size[t->dtype];
  return 1;
}

static void add_metadata(tide__Builder *b, const char *const *metadata) {
  tide__addf(b, "\"__metadata__\":{");
  for (int i = 0; metadata[i]; i += 2) {
    if (i) tide__add(b, ",", 1);
    tide__add_json_string(b, metadata[i]);
    tide__add(b, ":", 1);
    tide__add_json_string(b, metadata[i + 1]);
  }
  tide__add(b, "}", 1);
}

static void add_tensor(tide__Builder *b, const char *name, const tide_Tensor *t, uint64_t offset) {
  uint64_t end = offset + (uint64_t)t->n * tide__size[t->dtype];
  tide__add_json_string(b, name);
  tide__addf(b, ":{\"dtype\":\"%s\",\"shape\":[", tide__elements[t->dtype].names[IN_SAFETENSORS]);
  for (int d = 0; d < t->ndim; d++) tide__addf(b, d ? ",%lld" : "%lld", (long long)t->shape[d]);
  tide__addf(b, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)offset, (unsigned long long)end);
}

static void add_header(tide__Builder *b, const tide__Output *out, const uint64_t *offsets) {
  int metadata = out->metadata && out->metadata[0];
  tide__add(b, "{", 1);
  if (metadata) add_metadata(b, out->metadata);
  for (size_t i = 0; i < out->n; i++) {
    if (i || metadata) tide__add(b, ",", 1);
    if (!strcmp(out->names[i], "__metadata__")) { tide__fail(b->c, TIDE_EVALUE, "a tensor cannot be named __metadata__ in a safetensors file"); b->failed = 1; }
    add_tensor(b, out->names[i], out->tensors[i], offsets[i]);
  }
  tide__add(b, "}", 1);
  while (b->n % 8 && !b->failed) tide__add(b, " ", 1);
}

typedef struct Bytes { tide__Sink *k; const tide__Output *out; } Bytes;
static int write_bytes(void *arg, size_t i) { Bytes *b = arg; return tide__write_tensor(b->k, b->out->tensors[i], 1); }

int tide__write_safetensors(tide__Sink *k, const tide__Output *out) {
  tide__Builder header = {.c = k->c};
  size_t room = (out->n + 1) * sizeof(uint64_t);
  Layout l = {out, tide__alloc(k->c, room), 0};
  Bytes bytes = {k, out};
  if (!l.offsets) return 0;
  in_order(out, place_tensor, &l);
  add_header(&header, out, l.offsets);
  unsigned char length[8];
  for (int i = 0; i < 8; i++) length[i] = (unsigned char)((uint64_t)header.n >> 8 * i);
  if (!header.failed && header.n > HEADER_MAX) { header.failed = 1; tide__fail(k->c, TIDE_EVALUE, "the names take more than the 100 MB that a safetensors file has for them"); }
  int ok = !header.failed && tide__sink_write(k, length, 8) && tide__sink_write(k, header.p, header.n) && in_order(out, write_bytes, &bytes);
  tide__builder_free(&header);
  tide__free(k->c, l.offsets, room);
  return ok;
}

/* }========================================================= */
