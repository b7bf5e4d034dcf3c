/*
** Files from C: what is saved is loaded, to memory and to disk; items; sinks that fail; contexts without files; want of memory at every allocation. Uses tide.h alone.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tide.h"

static int failures = 0;
#define CHECK(condition, ...) do { if (!(condition)) { failures++; printf("line %d: ", __LINE__); printf(__VA_ARGS__); puts(""); } } while (0)

typedef struct Bytes { char p[65536]; size_t n, most; } Bytes;

static int add(void *arg, const void *p, size_t n) {
  Bytes *b = arg;
  if (n > b->most - b->n) return 0;
  memcpy(b->p + b->n, p, n);
  b->n += n;
  return 1;
}

static const char *const names[] = {"weight", "bias", "größe"};
static const char *const metadata[] = {"format", "pt", "note", "two\nlines", NULL};
static char path[64];

static void make(tide_Context *c, tide_Tensor **t) {
  t[0] = tide_transpose(tide_from_data(c, TIDE_FLOAT32, 2, (int64_t[]){2, 3}, (float[]){1, 2, 3, 4, 5, 6}), 0, 1);
  t[1] = tide_from_data(c, TIDE_INT64, 1, (int64_t[]){2}, (int64_t[]){-1, INT64_MAX});
  t[2] = tide_from_data(c, TIDE_BOOL, 0, NULL, (uint8_t[]){1});
}

static void check(const tide_Contents *r, int format) {
  const tide_Item *root = tide_contents_root(r), *weight = tide_item_get(root, "weight"), *bias = tide_item_get(root, "bias"), *size = tide_item_get(root, "größe");
  CHECK(root->kind == TIDE_ITEM_DICT && root->n == 3 && !strcmp(root->list[0]->s, "weight") && !tide_item_get(root, "none"), "names");
  CHECK(weight && weight->kind == TIDE_ITEM_TENSOR && tide_shape(weight->t)[0] == 3 && tide_is_contiguous(weight->t) && tide_element(weight->t, 1) == 4, "a transposed tensor");
  CHECK(bias && tide_element_integer(bias->t, 1) == INT64_MAX && size && tide_ndim(size->t) == 0 && tide_dtype(size->t) == TIDE_BOOL, "the others");
  const tide_Item *m = tide_contents_metadata(r);
  if (format == TIDE_SAFETENSORS) CHECK(m && m->n == 2 && !strcmp(tide_item_get(m, "note")->s, "two\nlines"), "metadata");
}

static void memory(tide_Context *c, int format) {
  static Bytes b;
  tide_Tensor *t[3];
  make(c, t);
  b.n = 0;
  b.most = sizeof b.p;
  CHECK(tide_write(c, format, 3, names, t, metadata, add, &b), "%s", tide_error(c));
  tide_Contents *r = tide_read(c, b.p, b.n, TIDE_FORMAT_ANY);
  CHECK(r, "%s", tide_error(c));
  if (r) check(r, format);
  tide_Tensor *kept = r ? tide_retain(tide_item_get(tide_contents_root(r), "weight")->t) : NULL;
  memset(b.p, 0, b.n);
  tide_contents_free(r);
  CHECK(kept && tide_element(kept, 1) == 4, "what is kept stays, and is no longer the bytes");
  tide_release(kept);
  size_t whole = b.n;
  for (b.most = 0; b.most < whole; b.most += 7) {
    b.n = 0;
    CHECK(!tide_write(c, format, 3, names, t, metadata, add, &b) && tide_error_code(c) == TIDE_EFILE, "a sink that refuses after %zu bytes", b.most);
    tide_clear_error(c);
  }
}

static void disk(tide_Context *c, int format) {
  tide_Tensor *t[3];
  make(c, t);
  CHECK(tide_save(c, path, format, 3, names, t, metadata), "%s", tide_error(c));
  for (int mapped = 0; mapped < 2; mapped++) {
    tide_Contents *r = tide_load(c, path, TIDE_FORMAT_ANY, mapped);
    CHECK(r, "%s", tide_error(c));
    if (r) check(r, format);
    tide_Tensor *kept = r ? tide_retain(tide_item_get(tide_contents_root(r), "bias")->t) : NULL;
    tide_contents_free(r);
    CHECK(kept && tide_element_integer(kept, 1) == INT64_MAX, "the mapping stays as long as its tensors");
    if (kept) *(int64_t *)tide_data(kept) = 5;
    tide_release(kept);
  }
  tide_Contents *r = tide_load(c, path, format, 1);
  CHECK(r && tide_element_integer(tide_item_get(tide_contents_root(r), "bias")->t, 0) == -1, "writing to a tensor changed the file");
  tide_contents_free(r);
}

static void refused(tide_Context *c) {
  tide_Tensor *t[3];
  make(c, t);
  const char *const twice[] = {"a", "b", "a"}, *const bad[] = {"a", "b\xff", "c"}, *const taken[] = {"__metadata__"};
  for (int format = TIDE_SAFETENSORS; format <= TIDE_NPZ; format += 2) {
    CHECK(!tide_save(c, path, format, 3, twice, t, NULL) && strstr(tide_error(c), "given twice"), "%s", tide_error(c));
    tide_clear_error(c);
    CHECK(!tide_save(c, path, format, 3, bad, t, NULL) && strstr(tide_error(c), "not UTF-8"), "%s", tide_error(c));
    tide_clear_error(c);
  }
  CHECK(!tide_save(c, path, TIDE_SAFETENSORS, 1, taken, t, NULL) && strstr(tide_error(c), "__metadata__"), "%s", tide_error(c));
  tide_clear_error(c);
  CHECK(!tide_save(c, path, TIDE_NPY, 2, NULL, t, NULL) && strstr(tide_error(c), "one tensor"), "%s", tide_error(c));
  tide_clear_error(c);
  CHECK(!tide_save(c, path, TIDE_CHECKPOINT, 1, names, t, NULL) && strstr(tide_error(c), "only be read"), "%s", tide_error(c));
  tide_clear_error(c);
  CHECK(!tide_load(c, "/none/none", TIDE_FORMAT_ANY, 1) && tide_error_code(c) == TIDE_EFILE, "%s", tide_error(c));
  tide_clear_error(c);
}

static void json(tide_Context *c) {
  tide_Contents *r = tide_read_json(c, "{\"a\": [1, -2.5, true, null, \"x\"]}", 33);
  const tide_Item *a = r ? tide_item_get(tide_contents_root(r), "a") : NULL;
  CHECK(a && a->n == 5 && a->list[0]->i == 1 && a->list[1]->d == -2.5 && a->list[2]->kind == TIDE_ITEM_BOOLEAN && a->list[3]->kind == TIDE_ITEM_NONE && !strcmp(a->list[4]->s, "x"), "%s",
        tide_error(c));
  tide_contents_free(r);
}

/* A host that wants no files. */
static void no_files(void) {
  tide_Config config = {.size = sizeof config, .no_files = 1};
  tide_Context *c = tide_open(&config);
  tide_Tensor *t[3];
  make(c, t);
  CHECK(!tide_save(c, path, TIDE_NPY, 1, NULL, t, NULL) && strstr(tide_error(c), "no access to files"), "%s", tide_error(c));
  tide_clear_error(c);
  CHECK(!tide_load(c, path, TIDE_FORMAT_ANY, 1) && tide_error_code(c) == TIDE_EFILE, "%s", tide_error(c));
  tide_clear_error(c);
  memory(c, TIDE_SAFETENSORS);
  tide_shutdown(c);
}

/* An allocator whose n-th request fails. */
typedef struct Poor { long left, blocks; } Poor;
static void *poor(void *ud, void *p, size_t osize, size_t nsize) {
  Poor *a = ud;
  (void)osize;
  if (nsize == 0) { a->blocks -= p != NULL; free(p); return NULL; }
  if (a->left-- <= 0) return NULL;
  a->blocks++;
  return malloc(nsize);
}

/* Reads a file with each allocation failing in turn: an error, or all is well, and nothing stays behind. */
static int want_of_memory(const char *bytes, size_t n, int format) {
  int tries = 0;
  for (long k = 1; k < 100000; k++, tries++) {
    Poor a = {1000000, 0};
    tide_Config config = {.size = sizeof config, .alloc = poor, .ud = &a};
    tide_Context *c = tide_open(&config);
    a.left = k;
    tide_Contents *r = tide_read(c, bytes, n, format);
    int done = r != NULL;
    CHECK(done || tide_error_code(c) == TIDE_NOMEM, "%s", tide_error(c));
    tide_contents_free(r);
    tide_shutdown(c);
    CHECK(a.blocks == 0, "%ld blocks stay after allocation %ld failed", a.blocks, k);
    if (done) break;
  }
  return tries;
}

static void want_of_memory_everywhere(void) {
  static const char *const files[] = {"dtypes.safetensors", "stored.npz", "deflated.npz", "training.pt", "views.pt", "float64_fortran.npy"};
  static char bytes[65536];
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    char name[100];
    snprintf(name, sizeof name, "spec/data/files/%s", files[i]);
    FILE *f = fopen(name, "rb");
    CHECK(f, "%s is not there: to be run from the top of the tree", name);
    if (!f) return;
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    CHECK(want_of_memory(bytes, n, TIDE_FORMAT_ANY) > 2, "%s needs no memory?", name);
  }
}

int main(void) {
  tide_Context *c = tide_open(NULL);
  snprintf(path, sizeof path, "/tmp/tide_files_%ld.bin", (long)getpid());
  memory(c, TIDE_SAFETENSORS);
  memory(c, TIDE_NPZ);
  disk(c, TIDE_SAFETENSORS);
  disk(c, TIDE_NPZ);
  refused(c);
  json(c);
  tide_shutdown(c);
  no_files();
  want_of_memory_everywhere();
  remove(path);
  if (failures) printf("%d failures\n", failures);
  return failures != 0;
}
