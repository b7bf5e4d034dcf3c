/*
** Zip archives (APPNOTE 6.3), as NumPy and PyTorch write them: stored or deflated entries, 64-bit sizes where needed; no encryption, no
** second disk, nothing in front.
**
** The directory at the end says where the entries are, and each entry begins with a header that repeats it. Both have to agree, and no byte may belong to two
** entries: else a small archive could unpack to far more than deflate's thousandfold of itself.
*/
#include "io/io.h"

#include <stdlib.h>

#include "tensor/tensor.h"

#define LOCAL_SIZE   30
#define CENTRAL_SIZE 46
#define END_SIZE     22
#define LOCATOR_SIZE 20
#define END64_SIZE   56
#define FULL16       0xffffu
#define FULL32       0xffffffffu
#define UNICODE_NAME 0x800              /* flags */
#define SIZES_LATER  8
#define ENCRYPTED    1
#define MOST_PACKED  1032               /* what deflate can make of a byte */

static uint32_t get16(const char *s) { const unsigned char *p = (const unsigned char *)s; return p[0] | (uint32_t)p[1] << 8; }
static uint32_t get32(const char *s) { return get16(s) | get16(s + 2) << 16; }
static uint64_t get64(const char *s) { return get32(s) | (uint64_t)get32(s + 4) << 32; }

uint32_t tide__crc32(uint32_t crc, const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  uint32_t table[8][256];               /* table[k]: of a byte with k zero bytes behind it */
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t v = i;
    for (int k = 0; k < 8; k++) v = v & 1 ? v >> 1 ^ 0xedb88320u : v >> 1;
    table[0][i] = v;
  }
  for (int k = 1; k < 8; k++) for (int i = 0; i < 256; i++) table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
  crc = ~crc;
  for (; n >= 8; p += 8, n -= 8) {
    uint32_t low = crc ^ get32((const char *)p);
    crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^ table[4][low >> 24] ^ table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
  }
  while (n--) crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
  return ~crc;
}


/* {======================== reading ======================== */

static int bad(const tide__Zip *z, const char *what) { tide__bad(z->r, "the zip archive is damaged: %s", what); return 0; }

/* The last record, which a comment may follow. -1: there is none. */
static int64_t find_end(const tide__Source *s) {
  if (s->n < END_SIZE) return -1;
  for (size_t at = s->n - END_SIZE, k = 0; k <= FULL16; k++, at--) {
    if (!memcmp(s->p + at, "PK\5\6", 4) && get16(s->p + at + 20) == s->n - END_SIZE - at) return (int64_t)at;
    if (at == 0) break;
  }
  return -1;
}

typedef struct Directory { uint64_t count, size, offset; size_t end; } Directory;    /* end: the directory may reach up to here */

static int find_directory(tide__Zip *z, Directory *d) {
  const char *p = z->s->p;
  int64_t at = find_end(z->s);
  if (at < 0) return bad(z, "the end of its directory is missing");
  *d = (Directory){get16(p + at + 10), get32(p + at + 12), get32(p + at + 16), (size_t)at};
  uint32_t disks = get16(p + at + 4) | get16(p + at + 6);
  if (at >= LOCATOR_SIZE && !memcmp(p + at - LOCATOR_SIZE, "PK\6\7", 4)) {
    uint64_t where = get64(p + at - LOCATOR_SIZE + 8);
    if (where > (uint64_t)at - LOCATOR_SIZE || (uint64_t)at - LOCATOR_SIZE - where < END64_SIZE || memcmp(p + where, "PK\6\6", 4)) return bad(z, "its 64-bit end record is not where it should be");
    *d = (Directory){get64(p + where + 32), get64(p + where + 40), get64(p + where + 48), (size_t)where};
    disks = get32(p + where + 16) | get32(p + where + 20);
  }
  if (disks && disks != FULL16) return bad(z, "it goes over several disks");
  if (d->offset > d->end || d->end - d->offset != d->size) return bad(z, "its directory is not where it should be");
  if (d->count > d->size / CENTRAL_SIZE) return bad(z, "its directory is too short for its entries");
  return 1;
}

/* Values of the 64-bit extra field that stand for full 32-bit ones. */
static int take64(const char **p, const char *end, uint64_t *v) {
  if (*v != FULL32) return 1;
  if (!*p || end - *p < 8) return 0;
  *v = get64(*p);
  *p += 8;
  return 1;
}

/* The 64-bit extra field, NULL if there is none; *end is behind it. */
static const char *find_extra64(const char *p, size_t n, const char **end) {
  while (n >= 4) {
    size_t size = get16(p + 2);
    if (size > n - 4) return NULL;
    if (get16(p) == 1) { *end = p + 4 + size; return p + 4; }
    p += 4 + size;
    n -= 4 + size;
  }
  return NULL;
}

/* The entry whose record in the directory is at p, `left` bytes before the directory ends: how long the record is, or 0. */
static size_t read_record(tide__Zip *z, const char *p, size_t left, tide__ZipEntry *e) {
  if (left < CENTRAL_SIZE || memcmp(p, "PK\1\2", 4)) return (size_t)bad(z, "its directory cannot be read");
  size_t nname = get16(p + 28), nextra = get16(p + 30), whole = CENTRAL_SIZE + nname + nextra + get16(p + 32);
  if (whole > left) return (size_t)bad(z, "its directory ends within a record");
  uint64_t packed = get32(p + 20), size = get32(p + 24), header = get32(p + 42);
  const char *end = p, *extra = find_extra64(p + CENTRAL_SIZE + nname, nextra, &end);
  if (!take64(&extra, end, &size) || !take64(&extra, end, &packed) || !take64(&extra, end, &header)) return (size_t)bad(z, "a 64-bit size is missing");
  if (packed > z->s->n || header > z->s->n) return (size_t)bad(z, "an entry lies behind the end");
  if (get16(p + 8) & ENCRYPTED) return (size_t)bad(z, "it is encrypted");
  *e = (tide__ZipEntry){p + CENTRAL_SIZE, nname, (int)get16(p + 10), get32(p + 16), (size_t)packed, (size_t)size, (size_t)header, 0};
  if (e->method != 0 && e->method != 8) { tide__bad(z->r, "entry \"%s\" is packed by method %d; stored and deflated ones can be read", SHOWN(e->name, nname), e->method); return 0; }
  if (e->method == 0 ? size != packed : size / MOST_PACKED > packed) return (size_t)bad(z, "sizes that cannot be true");
  return whole;
}

/* The header in front of an entry, which has to agree with the directory; `end` is where the directory begins. */
static int check_header(tide__Zip *z, tide__ZipEntry *e, size_t end) {
  const char *p = z->s->p + e->header;
  if (e->header > end || end - e->header < LOCAL_SIZE || memcmp(p, "PK\3\4", 4)) return bad(z, "an entry is not where the directory says");
  size_t nname = get16(p + 26), nextra = get16(p + 28), left = end - e->header - LOCAL_SIZE;
  if (nname + nextra > left) return bad(z, "an entry reaches into the directory");
  if (nname != e->nname || memcmp(p + LOCAL_SIZE, e->name, nname) || (int)get16(p + 8) != e->method) return bad(z, "an entry and the directory do not agree");
  if (!(get16(p + 6) & SIZES_LATER)) {
    uint64_t packed = get32(p + 18), size = get32(p + 22);
    const char *stop = p, *extra = find_extra64(p + LOCAL_SIZE + nname, nextra, &stop);
    if (!take64(&extra, stop, &size) || !take64(&extra, stop, &packed) || packed != e->packed || size != e->size || get32(p + 14) != e->crc)
      return bad(z, "an entry and the directory do not agree");
  }
  if (e->packed > left - nname - nextra) return bad(z, "an entry reaches into the directory");
  e->data = e->header + LOCAL_SIZE + nname + nextra;
  return 1;
}

static int compare_places(const void *a, const void *b) {
  const tide__ZipEntry *p = *(tide__ZipEntry *const *)a, *q = *(tide__ZipEntry *const *)b;
  return (p->header > q->header) - (p->header < q->header);
}

static int compare_names(const void *a, const void *b) {
  const tide__ZipEntry *p = *(tide__ZipEntry *const *)a, *q = *(tide__ZipEntry *const *)b;
  int order = memcmp(p->name, q->name, p->nname < q->nname ? p->nname : q->nname);
  return order ? order : (p->nname > q->nname) - (p->nname < q->nname);
}

static int check_entries(tide__Zip *z) {
  tide__ZipEntry **e = z->by_name = tide__room(z->r, (z->n + 1) * sizeof *e);
  if (!e) return 0;
  for (size_t i = 0; i < z->n; i++) e[i] = &z->entries[i];
  qsort(e, z->n, sizeof *e, compare_places);
  for (size_t i = 1; i < z->n; i++) if (e[i]->header < e[i - 1]->data + e[i - 1]->packed) return bad(z, "entries overlap");
  qsort(e, z->n, sizeof *e, compare_names);
  for (size_t i = 1; i < z->n; i++)
    if (!compare_names(&e[i - 1], &e[i])) { tide__bad(z->r, "entry \"%s\" is there twice", SHOWN(e[i]->name, e[i]->nname)); return 0; }
  return 1;
}

const tide__ZipEntry *tide__zip_find(const tide__Zip *z, const char *name, size_t n) {
  const tide__ZipEntry wanted = {.name = name, .nname = n}, *key = &wanted;
  tide__ZipEntry **found = z->n ? bsearch(&key, z->by_name, z->n, sizeof *z->by_name, compare_names) : NULL;
  return found ? *found : NULL;
}

int tide__zip_open(tide__Zip *z, tide_Contents *r, tide__Source *s) {
  Directory d = {0, 0, 0, 0};
  *z = (tide__Zip){r, s, 0, NULL, NULL};
  if (s->n < 4 || memcmp(s->p, "PK", 2)) { tide__bad(r, "this is no zip archive"); return 0; }
  if (!find_directory(z, &d) || !(z->entries = tide__room(r, (size_t)(d.count + 1) * sizeof *z->entries))) return 0;
  size_t at = (size_t)d.offset;
  for (; z->n < d.count; z->n++) {
    tide__ZipEntry *e = &z->entries[z->n];
    size_t whole = read_record(z, s->p + at, d.end - at, e);
    if (!whole || !check_header(z, e, (size_t)d.offset)) return 0;
    at += whole;
  }
  if (at != d.end) return bad(z, "its directory holds more than its entries");
  return check_entries(z);
}

static tide__Source *unpack(tide__Zip *z, const tide__ZipEntry *e) {
  tide__Source *s = tide__source_buffer(z->r->c, e->size);
  void *scratch = s ? tide__alloc(z->r->c, TIDE__INFLATE_SCRATCH) : NULL;
  const char *wrong = scratch ? tide__inflate((uint8_t *)z->s->p + e->data, e->packed, (uint8_t *)s->p, e->size, scratch) : "out of memory";
  tide__free(z->r->c, scratch, TIDE__INFLATE_SCRATCH);
  if (!wrong) return s;
  tide__bad(z->r, "entry \"%s\" cannot be unpacked: %s", SHOWN(e->name, e->nname), wrong);
  tide__source_release(s);
  return NULL;
}

tide__Source *tide__zip_bytes(tide__Zip *z, const tide__ZipEntry *e, size_t *offset) {
  tide__Source *s = e->method == 8 ? unpack(z, e) : tide__source_retain(z->s);
  if (!s) return NULL;
  *offset = e->method == 8 ? 0 : e->data;
#if !defined(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION)   /* mutations would come no further */
  if (tide__crc32(0, s->p + *offset, e->size) != e->crc) {
    tide__bad(z->r, "entry \"%s\" is damaged: its checksum differs", SHOWN(e->name, e->nname));
    tide__source_release(s);
    return NULL;
  }
#endif
  return s;
}

/* }========================================================= */


/* {======================== writing ======================== */

/* The checksum needs no second copy: what is written twice is written into it first. */
static int sum(void *arg, const void *bytes, size_t n) {
  uint32_t *crc = arg;
  *crc = tide__crc32(*crc, bytes, n);
  return 1;
}

static void put(tide__Builder *b, uint64_t v, int bytes) {
  unsigned char p[8];
  for (int i = 0; i < bytes; i++) p[i] = (unsigned char)(v >> 8 * i);
  tide__add(b, p, (size_t)bytes);
}

typedef struct Written { uint32_t crc; uint64_t size, header; } Written;

/* What stands in both kinds of header: from the version needed to the length of the extra field. */
static void put_facts(tide__Builder *b, const Written *w, size_t nname, size_t nextra) {
  put(b, w->size >= FULL32 || w->header >= FULL32 ? 45 : 20, 2);
  put(b, UNICODE_NAME, 2);
  put(b, 0, 2);                         /* stored */
  put(b, 0, 2);
  put(b, 1 << 5 | 1, 2);                /* the first of January 1980: the same tensors make the same file */
  put(b, w->crc, 4);
  put(b, w->size < FULL32 ? w->size : FULL32, 4);
  put(b, w->size < FULL32 ? w->size : FULL32, 4);
  put(b, nname + 4, 2);
  put(b, nextra, 2);
}

/* name.npy; with the 64-bit sizes that are needed. */
static void put_local(tide__Builder *b, const char *name, const Written *w) {
  int large = w->size >= FULL32;
  tide__add(b, "PK\3\4", 4);
  put_facts(b, &(Written){w->crc, w->size, 0}, strlen(name), large ? 20 : 0);
  tide__add(b, name, strlen(name));
  tide__add(b, ".npy", 4);
  if (large) { put(b, 1, 2); put(b, 16, 2); put(b, w->size, 8); put(b, w->size, 8); }
}

static void put_central(tide__Builder *b, const char *name, const Written *w) {
  int large = w->size >= FULL32, far = w->header >= FULL32;
  size_t nextra = (large ? 16 : 0) + (far ? 8 : 0);
  tide__add(b, "PK\1\2", 4);
  put(b, 45, 2);
  put_facts(b, w, strlen(name), nextra ? nextra + 4 : 0);
  put(b, 0, 2);                         /* comment, disk, attributes */
  put(b, 0, 2);
  put(b, 0, 2);
  put(b, 0, 4);
  put(b, far ? FULL32 : w->header, 4);
  tide__add(b, name, strlen(name));
  tide__add(b, ".npy", 4);
  if (nextra) { put(b, 1, 2); put(b, nextra, 2); }
  if (large) { put(b, w->size, 8); put(b, w->size, 8); }
  if (far) put(b, w->header, 8);
}

static void put_end(tide__Builder *b, uint64_t count, uint64_t offset, uint64_t size) {
  if (count >= FULL16 || offset >= FULL32 || size >= FULL32) {
    tide__add(b, "PK\6\6", 4);
    put(b, END64_SIZE - 12, 8);
    put(b, 45, 2); put(b, 45, 2); put(b, 0, 4); put(b, 0, 4);
    put(b, count, 8); put(b, count, 8); put(b, size, 8); put(b, offset, 8);
    tide__add(b, "PK\6\7", 4);
    put(b, 0, 4);
    put(b, offset + size, 8);
    put(b, 1, 4);
  }
  tide__add(b, "PK\5\6", 4);
  put(b, 0, 4);
  put(b, count < FULL16 ? count : FULL16, 2);
  put(b, count < FULL16 ? count : FULL16, 2);
  put(b, size < FULL32 ? size : FULL32, 4);
  put(b, offset < FULL32 ? offset : FULL32, 4);
  put(b, 0, 2);
}

static int write_entry(tide__Sink *k, const char *name, tide_Tensor *t, Written *w) {
  tide__Builder header = {.c = k->c};
  tide__Sink summing = {k->c, sum, &w->crc, 0};
  w->crc = 0;
  w->header = k->n;
  if (strlen(name) > FULL16 - 4) { tide__fail(k->c, TIDE_EVALUE, "a name of %zu bytes: an npz file has room for %u", strlen(name), FULL16 - 4); return 0; }
  if (!tide__write_npy(&summing, t)) return 0;
  w->size = summing.n;
  put_local(&header, name, w);
  int ok = !header.failed && tide__sink_write(k, header.p, header.n) && tide__write_npy(k, t);
  tide__builder_free(&header);
  return ok;
}

int tide__write_npz(tide__Sink *k, const tide__Output *out) {
  size_t room = (out->n + 1) * sizeof(Written);
  Written *w = tide__alloc(k->c, room);
  tide__Builder directory = {.c = k->c};
  int ok = w != NULL;
  for (size_t i = 0; ok && i < out->n; i++) ok = write_entry(k, out->names[i], out->tensors[i], &w[i]);
  uint64_t offset = k->n;
  for (size_t i = 0; ok && i < out->n; i++) put_central(&directory, out->names[i], &w[i]);
  put_end(&directory, out->n, offset, directory.n);
  ok = ok && !directory.failed && tide__sink_write(k, directory.p, directory.n);
  tide__builder_free(&directory);
  if (w) tide__free(k->c, w, room);
  return ok;
}

/* }========================================================= */
