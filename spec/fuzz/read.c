/*
** What every reader of files is given by the fuzzer (tools/fuzz): bytes whose first one says how they become a file. Those of most ways are put into a well-formed
** frame, so that mutations reach what lies within: a header into a safetensors file, a pickle into a checkpoint, packed bytes into a zip archive. Half of all come as
** bytes in memory, half as a file that is mapped.
**
** It must not crash (the sanitizers see to that), nor take memory without bound, nor leave any; and what could be read can be written and read again.
** Checksums are not compared in this build.
*/
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tide.h"

#define CHECK(condition) do { if (!(condition)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); abort(); } } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes that grow, of files that are made here. */
typedef struct Bytes { char *p; size_t n, room; } Bytes;

static void add(Bytes *b, const void *p, size_t n) {
  if (b->n + n > b->room) {
    b->room = 2 * (b->n + n);
    b->p = realloc(b->p, b->room);
    CHECK(b->p);
  }
  if (n) memcpy(b->p + b->n, p, n);
  b->n += n;
}

static void add_number(Bytes *b, uint64_t v, int size) { for (int i = 0; i < size; i++) add(b, &(char){i < 8 ? (char)(v >> 8 * i) : 0}, 1); }

static int add_bytes(void *arg, const void *p, size_t n) { add(arg, p, n); return 1; }


/* {======================== frames ======================== */

typedef struct Entry { const char *name; int method; const void *p; size_t packed, size; } Entry;

static void add_facts(Bytes *b, const Entry *e) {
  add_number(b, 20, 2); add_number(b, 0, 2); add_number(b, (uint64_t)e->method, 2); add_number(b, 0, 4); add_number(b, 0, 4);
  add_number(b, e->packed, 4); add_number(b, e->size, 4); add_number(b, strlen(e->name), 2); add_number(b, 0, 2);
}

static void add_zip(Bytes *b, int n, const Entry *e) {
  size_t places[4];
  for (int i = 0; i < n; i++) {
    places[i] = b->n;
    add(b, "PK\3\4", 4); add_facts(b, &e[i]); add(b, e[i].name, strlen(e[i].name)); add(b, e[i].p, e[i].packed);
  }
  size_t directory = b->n;
  for (int i = 0; i < n; i++) {
    add(b, "PK\1\2", 4); add_number(b, 20, 2); add_facts(b, &e[i]); add_number(b, 0, 10); add_number(b, places[i], 4); add(b, e[i].name, strlen(e[i].name));
  }
  size_t end = b->n;
  add(b, "PK\5\6", 4); add_number(b, 0, 4); add_number(b, (uint64_t)n, 2); add_number(b, (uint64_t)n, 2); add_number(b, end - directory, 4); add_number(b, directory, 4); add_number(b, 0, 2);
}

/* A little number in front of the bytes. */
static size_t take_number(const uint8_t **p, size_t *n) {
  if (*n < 2) return 0;
  size_t v = (*p)[0] | (size_t)(*p)[1] << 8;
  *p += 2;
  *n -= 2;
  return v;
}

static void add_safetensors(Bytes *b, const uint8_t *p, size_t n) {
  size_t payload = take_number(&p, &n);
  char *zeros = calloc(payload + 1, 1);
  add_number(b, n, 8);
  add(b, p, n);
  add(b, zeros, payload);
  free(zeros);
}

static void add_checkpoint(Bytes *b, const uint8_t *p, size_t n) {
  static const char storage[256] = "storages have bytes";
  Entry e[] = {{"a/data.pkl", 0, p, n, n}, {"a/data/0", 0, storage, 256, 256}, {"a/data/1", 0, storage, 24, 24}};
  add_zip(b, 3, e);
}

static void add_packed(Bytes *b, const uint8_t *p, size_t n) {
  size_t unpacked = take_number(&p, &n);
  Entry e = {"a.npy", 8, p, n, unpacked};
  add_zip(b, 1, &e);
}

static void add_npz(Bytes *b, const uint8_t *p, size_t n) {
  Entry e = {"a.npy", 0, p, n, n};
  add_zip(b, 1, &e);
}

/* }========================================================= */


/* {======================== what was read ======================== */

typedef struct Tensors { size_t n; const char *names[64]; tide_Tensor *t[64]; } Tensors;

/* Every item and both ends of every tensor are looked at; tensors under names at the top are remembered. */
static void walk(const tide_Item *item, int depth) {
  volatile double sum = 0;
  CHECK(depth <= 100 && item->kind <= TIDE_ITEM_DICT);
  if (item->kind == TIDE_ITEM_STRING) CHECK(item->s[item->n] == 0);
  if (item->kind == TIDE_ITEM_TENSOR && tide_numel(item->t) > 0) {
    int64_t last = 0;
    for (int d = 0; d < tide_ndim(item->t); d++) last += (tide_shape(item->t)[d] - 1) * tide_strides(item->t)[d];
    sum += tide_element(item->t, 0) + tide_element(item->t, last);
    (void)sum;
  }
  size_t n = item->kind == TIDE_ITEM_LIST ? item->n : item->kind == TIDE_ITEM_DICT ? 2 * item->n : 0;
  if (n < 200) for (size_t i = 0; i < n; i++) if (depth < 6) walk(item->list[i], depth + 1);     /* (shared items make walking everything long) */
}

static void collect(const tide_Item *root, Tensors *all) {
  if (root->kind == TIDE_ITEM_TENSOR) { all->n = 1; all->names[0] = "x"; all->t[0] = root->t; }
  if (root->kind != TIDE_ITEM_DICT) return;
  for (size_t i = 0; i < root->n && all->n < 64; i++) {
    const tide_Item *key = root->list[2 * i], *value = root->list[2 * i + 1];
    if (key->kind != TIDE_ITEM_STRING || value->kind != TIDE_ITEM_TENSOR || strlen(key->s) != key->n || tide_numel(value->t) > 100000) continue;
    all->names[all->n] = key->s;
    all->t[all->n++] = value->t;
  }
}

static void write_again(tide_Context *c, const tide_Item *root) {
  Tensors all = {0};
  collect(root, &all);
  for (int format = TIDE_SAFETENSORS; format <= TIDE_NPZ; format += TIDE_NPZ - TIDE_SAFETENSORS) {
    Bytes b = {0};
    tide_Scope scope = tide_scope(c);
    if (tide_write(c, format, all.n, all.names, all.t, NULL, add_bytes, &b)) {
      tide_Contents *r = tide_read(c, b.p, b.n, format);
      if (!r) fprintf(stderr, "%s\n", tide_error(c));
      CHECK(r && tide_contents_root(r)->n == all.n);
      for (size_t i = 0; i < all.n; i++) {
        const tide_Tensor *t = tide_contents_root(r)->list[2 * i + 1]->t;
        CHECK(tide_dtype(t) == tide_dtype(all.t[i]) && tide_numel(t) == tide_numel(all.t[i]));
        if (tide_numel(t)) CHECK(!memcmp(tide_data(t), tide_data(all.t[i]), tide_dtype_size(tide_dtype(t))));
      }
      tide_contents_free(r);
    }
    else tide_clear_error(c);                                     /* names that are no text, or given twice */
    tide_close(c, scope, NULL);
    free(b.p);
  }
}

/* }========================================================= */

static tide_Contents *load(tide_Context *c, const char *p, size_t n, int format) {
  char path[64];
  int fd = memfd_create("fuzz", 0);
  CHECK(fd >= 0 && write(fd, p, n) == (ssize_t)n);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  tide_Contents *r = tide_load(c, path, format, 1);
  close(fd);
  return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  int way = *data % 8, mapped = *data++ & 8, format = TIDE_FORMAT_ANY;
  Bytes b = {0};
  size--;
  switch (way) {
    case 0: add(&b, data, size); break;
    case 1: add_safetensors(&b, data, size); format = TIDE_SAFETENSORS; break;
    case 2: add(&b, data, size); format = TIDE_NPY; break;
    case 3: add_checkpoint(&b, data, size); break;
    case 4: add_packed(&b, data, size); break;
    case 5: add(&b, data, size); format = TIDE_CHECKPOINT; break;
    case 6: add(&b, data, size); break;
    case 7: add_npz(&b, data, size); break;
  }
  char *exact = malloc(b.n + 1);                                  /* so that a read one byte too far is seen */
  if (b.n) memcpy(exact, b.p, b.n);
  free(b.p);
  exact = realloc(exact, b.n ? b.n : 1);
  tide_Context *c = tide_open(NULL);
  int64_t before = tide_memory_stats(c).live_bytes;
  tide_Contents *r = way == 6 ? tide_read_json(c, exact, b.n) : mapped ? load(c, exact, b.n, format) : tide_read(c, exact, b.n, format);
  CHECK((r == NULL) == (tide_error_code(c) != TIDE_OK));
  CHECK(tide_memory_stats(c).peak_bytes - before < (1 << 20) + (int64_t)b.n * 4000);
  if (r) {
    walk(tide_contents_root(r), 0);
    if (way != 6) write_again(c, tide_contents_root(r));
  }
  tide_contents_free(r);
  CHECK(tide_memory_stats(c).tensors == 0 && tide_memory_stats(c).live_bytes - before < 4096);    /* the stack of scopes stays */
  tide_shutdown(c);
  free(exact);
  return 0;
}
