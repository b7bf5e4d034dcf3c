/*
** Sorting. Dtypes of up to 32 bits pack key and place into one word (lines of less than 2^32 elements); the others use a pair of words. Short lines
** are merged from runs sorted by insertion, longer ones go through a radix sort of the key's bytes, which skips bytes that
** all keys share. Selection is by a heap where few are wanted, else quickselect, which falls
** back to sorting what is left if it makes no headway.
*/
#include "kernels/reduce.h"
#include "kernels/sort.h"

#define RUN      12          /* sorted by insertion */
#define RADIX_AT 192         /* lines from here on */
#define HEAP_TO  256         /* of the first so many a heap is kept, of more they are selected */

typedef struct Pair { uint64_t key, place; } Pair;

static int is_packed(int dtype, int64_t n) { return tide__size[dtype] <= 4 && n < (int64_t)1 << 32; }


/* {======================== keys ======================== */

static inline uint64_t key_float32(float v) {
  uint32_t u;
  if (v != v) return UINT32_MAX;
  v += 0.0f;                                     /* -0 becomes 0 */
  memcpy(&u, &v, sizeof u);
  return u >> 31 ? (uint32_t)~u : u | 0x80000000u;
}
static inline uint64_t key_float64(double v) {
  uint64_t u;
  if (v != v) return UINT64_MAX;
  v += 0.0;
  memcpy(&u, &v, sizeof u);
  return u >> 63 ? ~u : u | (uint64_t)1 << 63;
}
static inline uint64_t key_int64(int64_t v) { return (uint64_t)v ^ (uint64_t)1 << 63; }
static inline uint64_t key_int32(int32_t v) { return (uint32_t)v ^ 0x80000000u; }
static inline uint64_t key_int16(int16_t v) { return (uint32_t)v ^ 0x80000000u; }
static inline uint64_t key_int8(int8_t v) { return (uint32_t)v ^ 0x80000000u; }
static inline uint64_t key_uint8(uint8_t v) { return v; }
static inline uint64_t key_bool(uint8_t v) { return v != 0; }

static void words_of(int dtype, int64_t n, const char *p, int64_t s, int descending, uint64_t *w) {
  uint64_t flip = descending ? UINT32_MAX : 0;
  switch (dtype) {
#define CASE(C, T, N) case TIDE_##C: for (int64_t i = 0; i < n; i++) w[i] = (key_##N(*(const T *)(p + i * s)) ^ flip) << 32 | (uint64_t)i; break;
    TIDE_DTYPES(CASE)
#undef CASE
  }
}

static void pairs_of(int dtype, int64_t n, const char *p, int64_t s, int descending, Pair *w) {
  uint64_t flip = descending ? UINT64_MAX : 0;
  switch (dtype) {
#define CASE(C, T, N) case TIDE_##C: for (int64_t i = 0; i < n; i++) w[i] = (Pair){key_##N(*(const T *)(p + i * s)) ^ flip, (uint64_t)i}; break;
    TIDE_DTYPES(CASE)
#undef CASE
  }
}

/* }========================================================= */


/* {======================== the routines, for words and for pairs ======================== */

#define WORD_LESS(a, b)    ((a) < (b))
#define WORD_DIGIT(a, k)   ((a) >> (32 + 8 * (k)) & 255)
#define PAIR_LESS(a, b)    ((a).key < (b).key || ((a).key == (b).key && (a).place < (b).place))
#define PAIR_DIGIT(a, k)   ((a).key >> (8 * (k)) & 255)

/* ROUTINES(word, uint64_t, WORD, 4) defines insert_word, merge_word, radix_word, sort_word (b is room for n more), select_word
** and first_word. BYTES: of the key. */
#define ROUTINES(N, W, UPPER, BYTES) \
  static void insert_##N(W *a, int64_t n) { \
    for (int64_t i = 1; i < n; i++) { \
      W x = a[i]; \
      int64_t j = i; \
      for (; j > 0 && UPPER##_LESS(x, a[j - 1]); j--) a[j] = a[j - 1]; \
      a[j] = x; \
    } \
  } \
  static void merge_##N(W *a, W *b, int64_t n) { \
    W *from = a, *to = b; \
    for (int64_t i = 0; i < n; i += RUN) insert_##N(a + i, n - i < RUN ? n - i : RUN); \
    for (int64_t run = RUN; run < n; run *= 2) { \
      for (int64_t i = 0; i < n; i += 2 * run) { \
        int64_t l = i, m = i + run < n ? i + run : n, r = m, e = i + 2 * run < n ? i + 2 * run : n; \
        for (int64_t o = i; o < e; o++) to[o] = r >= e || (l < m && UPPER##_LESS(from[l], from[r])) ? from[l++] : from[r++]; \
      } \
      W *t = from; from = to; to = t; \
    } \
    if (from != a) memcpy(a, from, (size_t)n * sizeof *a); \
  } \
  static void radix_##N(W *a, W *b, int64_t n) { \
    int64_t count[BYTES][256] = {{0}}; \
    W *from = a, *to = b; \
    for (int64_t i = 0; i < n; i++) for (int k = 0; k < BYTES; k++) count[k][UPPER##_DIGIT(a[i], k)]++; \
    for (int k = 0; k < BYTES; k++) { \
      int64_t sum = 0; \
      if (count[k][UPPER##_DIGIT(a[0], k)] == n) continue; \
      for (int d = 0; d < 256; d++) { int64_t c = count[k][d]; count[k][d] = sum; sum += c; } \
      for (int64_t i = 0; i < n; i++) to[count[k][UPPER##_DIGIT(from[i], k)]++] = from[i]; \
      W *t = from; from = to; to = t; \
    } \
    if (from != a) memcpy(a, from, (size_t)n * sizeof *a); \
  } \
  static void sort_##N(W *a, W *b, int64_t n) { \
    if (n <= RUN) insert_##N(a, n); \
    else if (n < RADIX_AT) merge_##N(a, b, n); \
    else radix_##N(a, b, n); \
  } \
  /* Afterwards a[rank] is where it belongs and none before it is greater. (The rest is in no order, so only merge_ may sort it: radix_ \
  ** takes places for ascending.) */ \
  static void select_##N(W *a, W *b, int64_t n, int64_t rank) { \
    int64_t lo = 0, hi = n - 1; \
    for (int tries = 0; hi - lo > RUN; tries++) { \
      W x = a[lo], y = a[lo + (hi - lo) / 2], z = a[hi]; \
      W pivot = UPPER##_LESS(x, y) ? (UPPER##_LESS(y, z) ? y : UPPER##_LESS(x, z) ? z : x) : (UPPER##_LESS(x, z) ? x : UPPER##_LESS(y, z) ? z : y); \
      int64_t i = lo, j = hi; \
      if (tries > 64) { merge_##N(a + lo, b + lo, hi - lo + 1); return; } \
      while (i <= j) { \
        while (UPPER##_LESS(a[i], pivot)) i++; \
        while (UPPER##_LESS(pivot, a[j])) j--; \
        if (i <= j) { W t = a[i]; a[i++] = a[j]; a[j--] = t; } \
      } \
      if (rank <= j) hi = j; \
      else if (rank >= i) lo = i; \
      else return; \
    } \
    insert_##N(a + lo, hi - lo + 1); \
  } \
  /* A heap of the `want` first so far, the last of them on top: what comes later mostly need not enter it. */ \
  static void sift_##N(W *a, int64_t n, int64_t i) { \
    W x = a[i]; \
    for (int64_t c; (c = 2 * i + 1) < n; i = c) { \
      if (c + 1 < n && UPPER##_LESS(a[c], a[c + 1])) c++; \
      if (!UPPER##_LESS(x, a[c])) break; \
      a[i] = a[c]; \
    } \
    a[i] = x; \
  } \
  static void heap_##N(W *a, int64_t n, int64_t want) { \
    for (int64_t i = want / 2; i-- > 0;) sift_##N(a, want, i); \
    for (int64_t i = want; i < n; i++) if (UPPER##_LESS(a[i], a[0])) { a[0] = a[i]; sift_##N(a, want, 0); } \
  } \
  static void first_##N(W *a, W *b, int64_t n, int64_t want) { \
    if (want > n / 4) { sort_##N(a, b, n); return; } \
    if (want == 0) return; \
    if (want <= HEAP_TO) heap_##N(a, n, want); \
    else select_##N(a, b, n, want - 1); \
    merge_##N(a, b, want); \
  }

ROUTINES(word, uint64_t, WORD, 4)
ROUTINES(pair, Pair, PAIR, 8)

/* }========================================================= */


size_t tide__sort_scratch(int dtype, int64_t n) { return 2 * (size_t)n * (is_packed(dtype, n) ? sizeof(uint64_t) : sizeof(Pair)); }

void tide__sort(int dtype, int64_t n, const char *p, int64_t s, int descending, int64_t want, int64_t *place, void *scratch) {
  if (n == 0) return;
  if (want == 1 && descending) { place[0] = tide__place_of(0, dtype, n, p, s); return; }       /* (ascending, a nan comes last, not first) */
  if (is_packed(dtype, n)) {
    uint64_t *a = scratch;
    words_of(dtype, n, p, s, descending, a);
    first_word(a, a + n, n, want);
    for (int64_t i = 0; i < want; i++) place[i] = (int64_t)(a[i] & UINT32_MAX);
  }
  else {
    Pair *a = scratch;
    pairs_of(dtype, n, p, s, descending, a);
    first_pair(a, a + n, n, want);
    for (int64_t i = 0; i < want; i++) place[i] = (int64_t)a[i].place;
  }
}

int64_t tide__nth(int dtype, int64_t n, const char *p, int64_t s, int64_t rank, void *scratch) {
  if (is_packed(dtype, n)) {
    uint64_t *a = scratch;
    words_of(dtype, n, p, s, 0, a);
    select_word(a, a + n, n, rank);
    return (int64_t)(a[rank] & UINT32_MAX);
  }
  Pair *a = scratch;
  pairs_of(dtype, n, p, s, 0, a);
  select_pair(a, a + n, n, rank);
  return (int64_t)a[rank].place;
}

int64_t tide__count_numbers(int dtype, int64_t n, const char *p, int64_t s, int64_t *first) {
  int64_t count = 0;
  *first = n;
  if (!tide__is_float(dtype)) return n;
  for (int64_t i = 0; i < n; i++) {
    int number = dtype == TIDE_FLOAT32 ? *(const float *)(p + i * s) == *(const float *)(p + i * s) : *(const double *)(p + i * s) == *(const double *)(p + i * s);
    if (!number && *first == n) *first = i;
    count += number;
  }
  return count;
}
