/*
** Files as bytes in memory. A reader makes a tree of items (tide_Contents) of what a source holds; a writer hands bytes to a sink.
** What is read may be anybody's: a reader trusts no number in it. Each is checked before it is used; sizes are compared by subtraction from
** what is left, so that nothing overflows; and every allocation is at most a fixed multiple of the bytes that are there.
**
** A tensor uses the memory of its source where it can (a mapped file, or a buffer made for it), and then holds a count of it.
*/
#ifndef TIDE_IO_IO_H
#define TIDE_IO_IO_H

#include "base/context.h"

#define TIDE__DEEPEST 100               /* levels of nesting in what is read */

/* Bytes to read from. */
typedef struct tide__Source {
  tide_Context *c;
  int refs;
  char *p;
  size_t n;
  void (*drop)(struct tide__Source *s); /* gives p back; NULL: it is lent for the call, and tensors have to copy */
} tide__Source;
/* With one count, the caller's; NULL (p is dropped) for want of memory. */
tide__Source *tide__source_new(tide_Context *c, char *p, size_t n, void (*drop)(tide__Source *s));
tide__Source *tide__source_buffer(tide_Context *c, size_t n);        /* fresh memory, to be written */
tide__Source *tide__source_retain(tide__Source *s);
void tide__source_release(void *source);                              /* NULL is ignored */


/*
** {====== contents.c: items ======
*/

/* Kinds that only the reader of pickles knows. */
enum { TIDE__ITEM_MARK = TIDE_ITEM_DICT + 1, TIDE__ITEM_GLOBAL, TIDE__ITEM_STORAGE };

typedef struct tide__Chunk { struct tide__Chunk *next; size_t size, used; } tide__Chunk;

struct tide_Contents {
  tide_Context *c;
  const char *name;                     /* of the file, for messages; NULL: there is none */
  tide_Item *root, *metadata;
  tide__Chunk *chunks;                  /* items and strings, freed together */
  tide_Tensor **tensors;                /* each holds a count */
  size_t ntensors, ctensors;
};

/* What the source holds; `name` is its file's, or NULL. */
tide_Contents *tide__read_source(tide_Context *c, tide__Source *s, int format, const char *name);

/* "NAME: what is wrong", as an error in the context. Returns NULL. */
void *tide__bad(const tide_Contents *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Foreign text as a message can show it: cut, and in printable characters. */
typedef struct tide__Shown { char s[72]; } tide__Shown;
const char *tide__show(tide__Shown *buffer, const char *s, size_t n);
#define SHOWN(s, n) tide__show(&(tide__Shown){{0}}, s, n)

/* Memory that lives as long as the contents, aligned to 16. All of these: NULL, or 0, with TIDE_NOMEM. */
void *tide__room(tide_Contents *r, size_t bytes);
tide_Item *tide__item(tide_Contents *r, int kind);
tide_Item *tide__item_integer(tide_Contents *r, int64_t i);
tide_Item *tide__item_string(tide_Contents *r, const char *s, size_t n);         /* copied */
tide_Item *tide__item_tensor(tide_Contents *r, tide_Tensor *t);                  /* t as it came from its maker, NULL too */
int tide__append(tide_Contents *r, tide_Item *list, tide_Item *value);
int tide__put(tide_Contents *r, tide_Item *dict, tide_Item *key, tide_Item *value);
/* Are the keys of a dictionary, all strings, different ones? */
int tide__check_keys(tide_Contents *r, const tide_Item *dict);
/* Has the tree no more than TIDE__DEEPEST levels (thus no cycles), and only items of the public kinds? */
int tide__check_tree(tide_Contents *r, tide_Item *root);
/* What the value is called in messages: "a list". */
const char *tide__kind_name(const tide_Item *item);

/* }====== */


/*
** {====== element.c: numbers in files ======
*/

/* How an element becomes one of tide's. Every value is kept. */
enum { AS_IT_IS, FROM_BOOL, FROM_HALF, FROM_BFLOAT, FROM_UINT16, FROM_UINT32 };

enum { IN_SAFETENSORS, IN_NUMPY, IN_STORAGES, IN_TORCH };           /* columns of names */
typedef struct tide__Element {
  const char *names[4];
  uint8_t dtype, size, how;             /* tide's, bytes in the file */
} tide__Element;
/* Those of tide's own dtypes come first, in their order. */
extern const tide__Element tide__elements[];
const tide__Element *tide__find_element(int column, const char *name, size_t n);   /* or NULL */

/* How many elements the sizes make; -1 with an error where the numbers are no sizes or the bytes would be too many. */
int64_t tide__count(const tide_Contents *r, int ndim, const int64_t *shape, size_t size);

/*
** A tensor of the elements at `offset`, which the caller knows to be there; swap: their bytes are in the other order than
** this machine's. With `fortran` the first dimension is the innermost. Owned by the scope.
*/
tide_Tensor *tide__tensor(tide_Contents *r, tide__Source *s, size_t offset, const tide__Element *e, int swap, int fortran, int ndim, const int64_t *shape);

/* }====== */


/*
** {====== sinks ======
*/
typedef struct tide__Sink {
  tide_Context *c;
  int (*write)(void *arg, const void *bytes, size_t n);
  void *arg;
  uint64_t n;                           /* bytes so far */
} tide__Sink;
int tide__sink_write(tide__Sink *k, const void *bytes, size_t n);         /* 1, or 0 with an error */

/* Text that grows; after a failure nothing is added, and `failed` says so. */
typedef struct tide__Builder { tide_Context *c; char *p; size_t n, capacity; int failed; } tide__Builder;
void tide__add(tide__Builder *b, const void *bytes, size_t n);
void tide__addf(tide__Builder *b, const char *format, ...) __attribute__((format(printf, 2, 3)));   /* short texts: up to 200 bytes */
void tide__builder_free(tide__Builder *b);

/* What is written: names, and tensors without history. Metadata: key, value, ..., NULL; or NULL. */
typedef struct tide__Output { size_t n; const char *const *names; tide_Tensor *const *tensors; const char *const *metadata; } tide__Output;
int tide__write_output(tide__Sink *k, int format, const tide__Output *out);
/* Elements in row-major order, little end first if `little`, else this machine's way. */
int tide__write_tensor(tide__Sink *k, tide_Tensor *t, int little);

static inline int tide__big_endian(void) { return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__; }

/* }====== */


/*
** {====== formats ======
** Readers set r->root and return 1, or 0 with an error.
*/

tide_Item *tide__json(tide_Contents *r, const char *s, size_t n);
void tide__add_json_string(tide__Builder *b, const char *s);         /* fails where s is not UTF-8 */
size_t tide__utf8(const char *s, size_t n);                          /* bytes of the character that s begins with; 0: none */

int tide__read_safetensors(tide_Contents *r, tide__Source *s);
int tide__write_safetensors(tide__Sink *k, const tide__Output *out);

/* The array in the n bytes at offset. */
tide_Tensor *tide__npy(tide_Contents *r, tide__Source *s, size_t offset, size_t n);
int tide__read_npy(tide_Contents *r, tide__Source *s);
int tide__write_npy(tide__Sink *k, tide_Tensor *t);
int tide__read_npz(tide_Contents *r, tide__Source *s);
int tide__write_npz(tide__Sink *k, const tide__Output *out);
int tide__read_checkpoint(tide_Contents *r, tide__Source *s);

/* zip.c */
typedef struct tide__ZipEntry {
  const char *name;                     /* in the archive */
  size_t nname;
  int method;
  uint32_t crc;
  size_t packed, size;                  /* bytes in the archive, and unpacked */
  size_t header, data;                  /* where they stand */
} tide__ZipEntry;
typedef struct tide__Zip { tide_Contents *r; tide__Source *s; size_t n; tide__ZipEntry *entries, **by_name; } tide__Zip;
/* Reads the directory. Entries lie one after another without overlap, in the order of the directory under different names. */
int tide__zip_open(tide__Zip *z, tide_Contents *r, tide__Source *s);
const tide__ZipEntry *tide__zip_find(const tide__Zip *z, const char *name, size_t n);       /* or NULL */
/* The bytes of an entry, checked: from *offset in the source that is returned, which the caller releases. */
tide__Source *tide__zip_bytes(tide__Zip *z, const tide__ZipEntry *e, size_t *offset);
int tide__zip_is_checkpoint(const tide__Zip *z);
uint32_t tide__crc32(uint32_t crc, const void *bytes, size_t n);
/* Unpacks what deflate packed: exactly `size` bytes from exactly `n`. NULL, or what is wrong. */
#define TIDE__INFLATE_SCRATCH (2 * sizeof(uint16_t) << 15)
const char *tide__inflate(const uint8_t *p, size_t n, uint8_t *out, size_t size, void *scratch);

/*
** pickle.c: a machine that executes nothing. Names outside the host's list are errors; what those in it do is the host's.
*/
typedef struct tide__PickleHost {
  tide_Contents *r;
  int (*find)(struct tide__PickleHost *h, const char *module, const char *name);            /* a number, or -1 */
  tide_Item *(*call)(struct tide__PickleHost *h, int global, const tide_Item *args);        /* global(*args) */
  tide_Item *(*persistent)(struct tide__PickleHost *h, const tide_Item *id);
} tide__PickleHost;
tide_Item *tide__pickle(tide__PickleHost *h, const char *p, size_t n);

/* }====== */

#endif
