/*
** What was read: items in chunks of memory that go together, and the tensors among them. Here also the choice of a reader.
*/
#include "io/io.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tensor/tensor.h"


/* {======================== messages ======================== */

void *tide__bad(const tide_Contents *r, const char *format, ...) {
  char text[800];
  va_list ap;
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  return tide__fail(r->c, TIDE_EVALUE, "%.200s%s%s", r->name ? r->name : "", r->name ? ": " : "", text);
}

const char *tide__show(tide__Shown *b, const char *s, size_t n) {
  size_t most = sizeof b->s - 4, k = n < most ? n : most;
  for (size_t i = 0; i < k; i++) b->s[i] = s[i] >= ' ' && s[i] < 127 ? s[i] : '?';
  strcpy(b->s + k, n > most ? "..." : "");
  return b->s;
}

const char *tide__kind_name(const tide_Item *item) {
  static const char *const names[] = {"nothing", "a boolean", "a whole number", "a number", "a string", "a tensor", "a list", "a dictionary", "a mark", "a name", "a storage"};
  return names[item->kind];
}

/* }========================================================= */


/* {======================== items ======================== */

#define CHUNK ((size_t)4096)

void *tide__room(tide_Contents *r, size_t bytes) {
  tide__Chunk *k = r->chunks;
  if (bytes > SIZE_MAX / 2) return tide__fail(r->c, TIDE_NOMEM, "out of memory");
  bytes = (bytes + 15) & ~(size_t)15;
  if (!k || k->size - k->used < bytes) {
    size_t head = (sizeof *k + 15) & ~(size_t)15, size = k && k->size < 16 * CHUNK ? 2 * k->size : CHUNK;
    if (size < head + bytes) size = head + bytes;
    if (!(k = tide__alloc(r->c, size))) return NULL;
    *k = (tide__Chunk){r->chunks, size, head};
    r->chunks = k;
  }
  void *p = (char *)k + k->used;
  k->used += bytes;
  return p;
}

tide_Item *tide__item(tide_Contents *r, int kind) {
  tide_Item *item = tide__room(r, sizeof *item);
  if (item) *item = (tide_Item){.kind = kind};
  return item;
}

tide_Item *tide__item_integer(tide_Contents *r, int64_t i) {
  tide_Item *item = tide__item(r, TIDE_ITEM_INTEGER);
  if (item) item->i = i;
  return item;
}

tide_Item *tide__item_string(tide_Contents *r, const char *s, size_t n) {
  tide_Item *item = tide__item(r, TIDE_ITEM_STRING);
  char *copy = item ? tide__room(r, n + 1) : NULL;
  if (!copy) return NULL;
  memcpy(copy, s, n);
  copy[n] = 0;
  item->s = copy;
  item->n = n;
  return item;
}

tide_Item *tide__item_tensor(tide_Contents *r, tide_Tensor *t) {
  if (!t) return NULL;
  tide_Item *item = tide__item(r, TIDE_ITEM_TENSOR);
  if (!item || !tide__reserve(r->c, (void **)&r->tensors, &r->ctensors, r->ntensors + 1, sizeof *r->tensors)) return NULL;
  r->tensors[r->ntensors++] = tide_keep(t);
  item->t = t;
  return item;
}

/* Room for one pointer more, of which there are n: at powers of two it doubles. */
static int grow(tide_Contents *r, tide_Item *item, size_t n) {
  if (n & (n - 1) || (n && n < 4)) return 1;
  tide_Item **list = tide__room(r, (n ? 2 * n : 4) * sizeof *list);
  if (!list) return 0;
  if (n) memcpy(list, item->list, n * sizeof *list);
  item->list = list;
  return 1;
}

int tide__append(tide_Contents *r, tide_Item *list, tide_Item *value) {
  if (!value || !grow(r, list, list->n)) return 0;
  list->list[list->n++] = value;
  return 1;
}

int tide__put(tide_Contents *r, tide_Item *dict, tide_Item *key, tide_Item *value) {
  if (!key || !value || !grow(r, dict, 2 * dict->n)) return 0;
  dict->list[2 * dict->n] = key;
  dict->list[2 * dict->n++ + 1] = value;
  return 1;
}

const tide_Item *tide_item_get(const tide_Item *dict, const char *key) {
  if (!dict || dict->kind != TIDE_ITEM_DICT) return NULL;
  size_t n = strlen(key);
  for (size_t i = dict->n; i-- > 0;) {
    const tide_Item *k = dict->list[2 * i];
    if (k->kind == TIDE_ITEM_STRING && k->n == n && !memcmp(k->s, key, n)) return dict->list[2 * i + 1];
  }
  return NULL;
}

static int compare_strings(const tide_Item *a, const tide_Item *b) {
  int order = memcmp(a->s, b->s, a->n < b->n ? a->n : b->n);
  return order ? order : (a->n > b->n) - (a->n < b->n);
}

static int compare_keys(const void *a, const void *b) { return compare_strings(*(tide_Item *const *)a, *(tide_Item *const *)b); }

int tide__check_keys(tide_Contents *r, const tide_Item *dict) {
  size_t n = dict->n;
  if (n < 2) return 1;
  tide_Item **keys = tide__room(r, n * sizeof *keys);
  if (!keys) return 0;
  for (size_t i = 0; i < n; i++) keys[i] = dict->list[2 * i];
  qsort(keys, n, sizeof *keys, compare_keys);
  for (size_t i = 1; i < n; i++)
    if (!compare_strings(keys[i - 1], keys[i])) { tide__bad(r, "the key \"%s\" is there twice", SHOWN(keys[i]->s, keys[i]->n)); return 0; }
  return 1;
}

/* Levels below and with an item; 0: too many, or something that is no value. What was once found is remembered in the item, so that a
** list which stands in many places is looked through once. */
static int levels(tide_Contents *r, tide_Item *item, int above) {
  if (item->kind > TIDE_ITEM_DICT) { tide__bad(r, "%s stands where a value is expected", tide__kind_name(item)); return 0; }
  if (item->kind < TIDE_ITEM_LIST) return 1;
  int most = item->levels;
  if (most == 0) {
    size_t n = item->kind == TIDE_ITEM_DICT ? 2 * item->n : item->n;
    for (size_t i = 0; i < n && above < TIDE__DEEPEST; i++) {
      int below = levels(r, item->list[i], above + 1);
      if (!below) return 0;
      if (below > most) most = below;
    }
    most++;
  }
  if (above + most > TIDE__DEEPEST) { tide__bad(r, "it is nested more than %d levels deep", TIDE__DEEPEST); return 0; }
  return item->levels = most;
}

int tide__check_tree(tide_Contents *r, tide_Item *root) { return levels(r, root, 0) > 0; }

const tide_Item *tide_contents_root(const tide_Contents *r) { return r->root; }
const tide_Item *tide_contents_metadata(const tide_Contents *r) { return r->metadata; }

void tide_contents_free(tide_Contents *r) {
  if (!r) return;
  tide_Context *c = r->c;
  while (r->ntensors) tide_release(r->tensors[--r->ntensors]);
  tide__free(c, r->tensors, r->ctensors * sizeof *r->tensors);
  for (tide__Chunk *k; (k = r->chunks);) { r->chunks = k->next; tide__free(c, k, k->size); }
  tide__free(c, r, sizeof *r);
}

/* }========================================================= */


/* {======================== sources ======================== */

tide__Source *tide__source_new(tide_Context *c, char *p, size_t n, void (*drop)(tide__Source *)) {
  tide__Source *s = tide__alloc(c, sizeof *s);
  if (s) *s = (tide__Source){c, 1, p, n, drop};
  else if (drop) drop(&(tide__Source){c, 1, p, n, drop});
  return s;
}

static void drop_buffer(tide__Source *s) { tide__free(s->c, s->p, s->n ? s->n : 1); }

tide__Source *tide__source_buffer(tide_Context *c, size_t n) {
  char *p = tide__alloc(c, n ? n : 1);
  return p ? tide__source_new(c, p, n, drop_buffer) : NULL;
}

tide__Source *tide__source_retain(tide__Source *s) { s->refs++; return s; }

void tide__source_release(void *source) {
  tide__Source *s = source;
  if (!s || --s->refs > 0) return;
  if (s->drop) s->drop(s);
  tide__free(s->c, s, sizeof *s);
}

/* }========================================================= */


/* {======================== the choice of a reader ======================== */

/* What the bytes look like; TIDE_FORMAT_ANY: nothing known. (npz stands for every zip: read_zip looks further.) */
static int recognise(const char *p, size_t n) {
  if (n >= 6 && !memcmp(p, "\x93NUMPY", 6)) return TIDE_NPY;
  if (n >= 4 && (!memcmp(p, "PK\3\4", 4) || !memcmp(p, "PK\5\6", 4))) return TIDE_NPZ;
  if (n >= 10 && p[8] == '{') return TIDE_SAFETENSORS;
  return TIDE_FORMAT_ANY;
}

static int looks_like_old_checkpoint(const char *p, size_t n) { return n >= 2 && p[0] == '\x80' && p[1] >= 2 && p[1] <= 5; }

static int read_any(tide_Contents *r, tide__Source *s, int format) {
  int seen = recognise(s->p, s->n);
  if (format == TIDE_FORMAT_ANY) format = seen;
  switch (format) {
    case TIDE_SAFETENSORS: return tide__read_safetensors(r, s);
    case TIDE_NPY: return tide__read_npy(r, s);
    case TIDE_NPZ: return tide__read_npz(r, s);
    case TIDE_CHECKPOINT:
      if (looks_like_old_checkpoint(s->p, s->n)) { tide__bad(r, "a checkpoint in the form that PyTorch wrote before 1.6, or a pickle; only the zip form is read"); return 0; }
      return tide__read_checkpoint(r, s);
  }
  if (looks_like_old_checkpoint(s->p, s->n)) tide__bad(r, "a pickle; of PyTorch's checkpoints the zip form is read");
  else tide__bad(r, "the format is none of those that can be read: safetensors, npy, npz, a PyTorch checkpoint");
  return 0;
}

tide_Contents *tide__read_source(tide_Context *c, tide__Source *s, int format, const char *name) {
  tide_Contents *r = tide__alloc(c, sizeof *r);
  if (!r) return NULL;
  *r = (tide_Contents){.c = c, .name = name};
  tide_Scope scope = tide_scope(c);
  int ok = read_any(r, s, format);
  tide_close(c, scope, NULL);
  r->name = NULL;
  if (ok) return r;
  tide_contents_free(r);
  return NULL;
}

tide_Contents *tide_read(tide_Context *c, const void *bytes, size_t n, int format) {
  tide__Source *s = tide__source_new(c, (char *)(uintptr_t)bytes, n, NULL);
  if (!s) return NULL;
  tide_Contents *r = tide__read_source(c, s, format, NULL);
  tide__source_release(s);
  return r;
}

tide_Contents *tide_read_json(tide_Context *c, const char *text, size_t n) {
  tide_Contents *r = tide__alloc(c, sizeof *r);
  if (!r) return NULL;
  *r = (tide_Contents){.c = c};
  if ((r->root = tide__json(r, text, n)) != NULL) return r;
  tide_contents_free(r);
  return NULL;
}

/* }========================================================= */
