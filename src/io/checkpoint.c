/*
** Checkpoints that torch.save wrote: a zip archive with a pickle, NAME/data.pkl, that refers to storages, NAME/data/KEY. What the pickle may ask for
** is the table below; that is enough for tensors, parameters, OrderedDicts and Counters (the milestones of MultiStepLR) among plain values. Tensors of one storage share it here too.
*/
#include "io/io.h"

#include <stdio.h>

#include "base/dtype.h"
#include "tensor/tensor.h"

enum { ORDERED_DICT, COUNTER, SIZE, PARAMETER, TENSOR, TENSOR_OF_DTYPE, UNTYPED, ELEMENTS };      /* from ELEMENTS on: rows of tide__elements, storages or dtypes */

static const struct { const char *module, *name; int what; } names[] = {
  {"collections", "OrderedDict", ORDERED_DICT}, {"collections", "Counter", COUNTER}, {"torch", "Size", SIZE}, {"torch._utils", "_rebuild_parameter", PARAMETER},
  {"torch._utils", "_rebuild_tensor_v2", TENSOR}, {"torch._utils", "_rebuild_tensor_v3", TENSOR_OF_DTYPE}, {"torch.storage", "UntypedStorage", UNTYPED},
};

/* An entry that was asked for, as a flat tensor; flat is NULL until then. */
typedef struct Storage { const tide__Element *element; tide_Tensor *flat; } Storage;

typedef struct Checkpoint {
  tide__PickleHost host;                /* first */
  tide__Zip zip;
  const char *prefix;                   /* NAME/, in the archive */
  size_t nprefix;
  int swap;
  Storage *storages;                    /* of each entry */
} Checkpoint;

static int find(tide__PickleHost *h, const char *module, const char *name) {
  (void)h;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) if (!strcmp(names[i].module, module) && !strcmp(names[i].name, name)) return names[i].what;
  if (strcmp(module, "torch")) return -1;
  const tide__Element *e = tide__find_element(IN_STORAGES, name, strlen(name));
  if (!e) e = tide__find_element(IN_TORCH, name, strlen(name));
  return e ? ELEMENTS + (int)(e - tide__elements) : -1;
}

static const tide__Element *element_of(const tide_Item *global) {
  return global->kind == TIDE__ITEM_GLOBAL && global->i >= ELEMENTS ? &tide__elements[global->i - ELEMENTS] : NULL;
}

/* The entry NAME/name, where NAME/ is the prefix. */
static const tide__ZipEntry *find_entry(const Checkpoint *k, const char *name) {
  char path[400];
  int n = k->nprefix < 300 ? snprintf(path, sizeof path, "%.*s%.90s", (int)k->nprefix, k->prefix, name) : 0;
  return tide__zip_find(&k->zip, path, (size_t)n);
}


/* {======================== storages ======================== */

/* ('storage', kind, key, device, number of elements): an item that stands for it, its i the place of kind, its list the id. */
static tide_Item *persistent(tide__PickleHost *h, const tide_Item *id) {
  if (id->kind != TIDE_ITEM_LIST || id->n != 5 || id->list[0]->kind != TIDE_ITEM_STRING || strcmp(id->list[0]->s, "storage") || id->list[1]->kind != TIDE__ITEM_GLOBAL ||
      id->list[2]->kind != TIDE_ITEM_STRING || id->list[4]->kind != TIDE_ITEM_INTEGER)
    return tide__bad(h->r, "a reference to something else than a storage");
  tide_Item *item = tide__item(h->r, TIDE__ITEM_STORAGE);
  if (item) { item->list = id->list; item->n = id->n; }
  return item;
}

static tide_Tensor *load_storage(Checkpoint *k, const tide__ZipEntry *entry, const tide__Element *e) {
  tide_Contents *r = k->host.r;
  size_t offset;
  tide__Source *bytes = tide__zip_bytes(&k->zip, entry, &offset);
  if (!bytes) return NULL;
  tide_Tensor *t = tide__tensor(r, bytes, offset, e, k->swap, 0, 1, (int64_t[]){(int64_t)(entry->size / e->size)});
  tide__source_release(bytes);
  return tide__item_tensor(r, t) ? t : NULL;
}

/* The storage as a flat tensor of elements e. */
static tide_Tensor *storage(Checkpoint *k, const tide_Item *item, const tide__Element *e) {
  tide_Contents *r = k->host.r;
  const tide_Item *key = item->list[2];
  char name[72];
  snprintf(name, sizeof name, "data/%s", key->n < 64 ? key->s : "?");
  const tide__ZipEntry *entry = find_entry(k, name);
  if (!entry) return tide__bad(r, "the storage \"%s\" is missing", SHOWN(key->s, key->n));
  int64_t size = element_of(item->list[1]) ? e->size : 1, want = item->list[4]->i;
  if (want < 0 || (uint64_t)want > entry->size / (uint64_t)size) return tide__bad(r, "the storage \"%s\" is shorter than it should be", SHOWN(key->s, key->n));
  Storage *s = &k->storages[entry - k->zip.entries];
  if (!s->flat) *s = (Storage){e, load_storage(k, entry, e)};
  if (s->flat && s->element != e) return tide__bad(r, "the storage \"%s\" is used under two dtypes", SHOWN(key->s, key->n));
  return s->flat;
}

/* }========================================================= */


/* {======================== tensors ======================== */

static int read_integers(const tide_Item *list, int64_t *to) {
  if (list->kind != TIDE_ITEM_LIST || list->n > TIDE_MAXDIM) return -1;
  for (size_t i = 0; i < list->n; i++) {
    if (list->list[i]->kind != TIDE_ITEM_INTEGER || list->list[i]->i < 0) return -1;
    to[i] = list->list[i]->i;
  }
  return (int)list->n;
}

/* Do all elements lie within a storage of n? */
static int fits(int ndim, const int64_t *shape, const int64_t *strides, int64_t offset, int64_t n) {
  int64_t last = offset;
  for (int d = 0; d < ndim; d++) if (shape[d] == 0) return offset <= n;
  for (int d = 0; d < ndim; d++) {
    int64_t step;
    if (__builtin_mul_overflow(shape[d] - 1, strides[d], &step) || __builtin_add_overflow(last, step, &last)) return 0;
  }
  return last < n;
}

/* _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, ...); v3 has the dtype behind the hooks */
static tide_Item *rebuild(Checkpoint *k, const tide_Item *args, int with_dtype) {
  tide_Contents *r = k->host.r;
  tide_Item *const *a = args->list;
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  if (args->n < (with_dtype ? 7u : 6u) || a[0]->kind != TIDE__ITEM_STORAGE || a[1]->kind != TIDE_ITEM_INTEGER || a[4]->kind != TIDE_ITEM_BOOLEAN)
    return tide__bad(r, "a tensor that cannot be rebuilt");
  const tide__Element *e = element_of(with_dtype ? a[6] : a[0]->list[1]);
  int ndim = read_integers(a[2], shape);
  if (!e) return tide__bad(r, "a tensor of a dtype that has no counterpart");
  if (ndim < 0 || read_integers(a[3], strides) != ndim) return tide__bad(r, "a tensor whose sizes or strides cannot be read (at most %d dimensions are possible)", TIDE_MAXDIM);
  if (tide__count(r, ndim, shape, tide__size[e->dtype]) < 0) return NULL;
  tide_Tensor *flat = storage(k, a[0], e);
  if (!flat) return NULL;
  if (a[1]->i < 0 || !fits(ndim, shape, strides, a[1]->i, flat->n)) return tide__bad(r, "a tensor of sizes %s reaches beyond its storage", SIZES_TEXT(ndim, shape));
  tide_Tensor *t = tide__alias(flat, ndim, shape, strides, a[1]->i);
  if (!t || !tide__own(r->c, t) || (a[4]->i && !tide_inference_mode(r->c) && !tide_set_requires_grad(t, 1))) return NULL;
  return tide__item_tensor(r, t);
}

static tide_Item *ordered_dict(Checkpoint *k, const tide_Item *args) {
  tide_Contents *r = k->host.r;
  tide_Item *dict = tide__item(r, TIDE_ITEM_DICT);
  if (args->n == 0 || !dict) return dict;
  const tide_Item *pairs = args->list[0];
  for (size_t i = 0; pairs->kind == TIDE_ITEM_LIST && i < pairs->n; i++) {
    const tide_Item *p = pairs->list[i];
    if (p->kind != TIDE_ITEM_LIST || p->n != 2 || p->list[0]->kind != TIDE_ITEM_STRING) return tide__bad(r, "an OrderedDict that cannot be read");
    if (!tide__put(r, dict, p->list[0], p->list[1])) return NULL;
  }
  return dict;
}

/* Counter({key: count, ...}): the dictionary. */
static tide_Item *counter(Checkpoint *k, const tide_Item *args) {
  tide_Contents *r = k->host.r;
  tide_Item *counts = args->n == 1 && args->list[0]->kind == TIDE_ITEM_DICT ? args->list[0] : NULL;
  for (size_t i = 0; counts && i < counts->n; i++) if (counts->list[2 * i + 1]->kind != TIDE_ITEM_INTEGER) counts = NULL;
  return counts ? counts : tide__bad(r, "a Counter that cannot be read");
}

static tide_Item *call(tide__PickleHost *h, int global, const tide_Item *args) {
  Checkpoint *k = (Checkpoint *)h;
  switch (global) {
    case ORDERED_DICT: return ordered_dict(k, args);
    case COUNTER: return counter(k, args);
    case SIZE: if (args->n == 1 && args->list[0]->kind == TIDE_ITEM_LIST) return args->list[0]; break;
    case TENSOR: return rebuild(k, args, 0);
    case TENSOR_OF_DTYPE: return rebuild(k, args, 1);
    case PARAMETER:
      if (args->n < 2 || args->list[0]->kind != TIDE_ITEM_TENSOR || args->list[1]->kind != TIDE_ITEM_BOOLEAN) break;
      return args->list[1]->i && !tide_inference_mode(h->r->c) && !tide_set_requires_grad(args->list[0]->t, 1) ? NULL : args->list[0];
  }
  return tide__bad(h->r, "a call of a name that stands for data");
}

/* }========================================================= */


static const char DATA[] = "/data.pkl";

int tide__zip_is_checkpoint(const tide__Zip *z) {
  size_t n = sizeof DATA - 1;
  for (size_t i = 0; i < z->n; i++) if (z->entries[i].nname > n && !memcmp(z->entries[i].name + z->entries[i].nname - n, DATA, n)) return 1;
  return 0;
}

/* The first NAME/data.pkl; its NAME/ becomes the prefix. */
static const tide__ZipEntry *find_pickle(Checkpoint *k) {
  for (size_t i = 0, n = sizeof DATA - 1; i < k->zip.n; i++) {
    const tide__ZipEntry *e = &k->zip.entries[i];
    if (e->nname <= n || memcmp(e->name + e->nname - n, DATA, n)) continue;
    k->prefix = e->name;
    k->nprefix = e->nname - n + 1;
    return e;
  }
  return tide__bad(k->host.r, "this is no PyTorch checkpoint: it has no data.pkl");
}

/* NAME/byteorder says "big" where the storages are so. */
static int read_byteorder(Checkpoint *k) {
  const tide__ZipEntry *e = find_entry(k, "byteorder");
  size_t offset;
  tide__Source *s = e ? tide__zip_bytes(&k->zip, e, &offset) : NULL;
  if (e && !s) return 0;
  int big = s && e->size == 3 && !memcmp(s->p + offset, "big", 3);
  tide__source_release(s);
  k->swap = big != tide__big_endian();
  return 1;
}

int tide__read_checkpoint(tide_Contents *r, tide__Source *s) {
  Checkpoint k = {.host = {r, find, call, persistent}};
  size_t offset;
  if (!tide__zip_open(&k.zip, r, s) || !(k.storages = tide__room(r, (k.zip.n + 1) * sizeof *k.storages))) return 0;
  memset(k.storages, 0, (k.zip.n + 1) * sizeof *k.storages);
  const tide__ZipEntry *e = find_pickle(&k);
  if (!e || !read_byteorder(&k)) return 0;
  tide__Source *bytes = tide__zip_bytes(&k.zip, e, &offset);
  if (!bytes) return 0;
  r->root = tide__pickle(&k.host, bytes->p + offset, e->size);
  tide__source_release(bytes);
  return r->root != NULL;
}
