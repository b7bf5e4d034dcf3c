/*
** Deflate unpacked (RFC 1951).
**
** A block is stored, or a sequence of symbols of two prefix codes: literals and lengths, and distances. A code is known by the lengths of its words; it is
** read through one table that is indexed by the next bits (as many as its longest word has) and gives symbol and length. Nothing is written beyond
** `size`, nothing is copied from before the beginning.
*/
#include "io/io.h"

#define LONGEST 15                      /* bits of a word */

typedef struct Stream { const uint8_t *p, *end; uint64_t bits; int count; uint8_t *out; size_t n, size; } Stream;
typedef struct Code { uint16_t *table; int width; } Code;       /* entries: symbol << 4 | length, 0 where no word begins so */

/* At least `count` bits, or as many as are left. */
static void fill(Stream *s, int count) {
  while (s->count < count && s->p < s->end) { s->bits |= (uint64_t)*s->p++ << s->count; s->count += 8; }
}

static int take(Stream *s, int count) {
  fill(s, count);
  if (s->count < count) return -1;
  int v = (int)(s->bits & ((1u << count) - 1));
  s->bits >>= count;
  s->count -= count;
  return v;
}

/* The next symbol of the code; -1: no such word, or the end. */
static int symbol(Stream *s, const Code *code) {
  fill(s, code->width);
  int entry = code->table[s->bits & ((1u << code->width) - 1)], length = entry & 15;
  if (length == 0 || length > s->count) return -1;
  s->bits >>= length;
  s->count -= length;
  return entry >> 4;
}

static unsigned reversed(unsigned word, int length) {
  unsigned v = 0;
  for (int i = 0; i < length; i++) v |= (word >> i & 1) << (length - 1 - i);
  return v;
}

/* The code whose n symbols have words of these lengths (0: none). Words have to use up all bit patterns; only a code of one word may leave some, or one of none. */
static int make_code(Code *code, const uint8_t *lengths, int n, int exact) {
  unsigned count[LONGEST + 1] = {0}, next[LONGEST + 1], word = 0;
  int left = 1;
  code->width = 1;
  for (int i = 0; i < n; i++) count[lengths[i]]++;
  count[0] = 0;
  for (int k = 1; k <= LONGEST; k++) {
    left = left * 2 - (int)count[k];
    if (left < 0) return 0;
    if (count[k]) code->width = k;
    word = (word + count[k - 1]) << 1;
    next[k] = word;
  }
  if (left > 0 && (exact || code->width > 1)) return 0;
  memset(code->table, 0, sizeof *code->table << code->width);
  for (int i = 0; i < n; i++) {
    int length = lengths[i];
    if (length == 0) continue;
    for (unsigned k = reversed(next[length]++, length); k < 1u << code->width; k += 1u << length) code->table[k] = (uint16_t)(i << 4 | length);
  }
  return 1;
}

static const char *stored(Stream *s) {
  s->bits >>= s->count & 7;
  s->count -= s->count & 7;
  int n = take(s, 16), check = take(s, 16);
  if (n < 0 || check < 0 || (n ^ check) != 0xffff) return "a stored block is damaged";
  while (s->count >= 8) { s->p--; s->count -= 8; }              /* whole bytes that were read ahead */
  s->bits = 0;
  if (s->end - s->p < n) return "it ends early";
  if (s->size - s->n < (size_t)n) return "it is longer than the directory says";
  memcpy(s->out + s->n, s->p, (size_t)n);
  s->p += n;
  s->n += (size_t)n;
  return NULL;
}

static void fixed_codes(Code *literals, Code *distances) {
  uint8_t lengths[288];
  for (int i = 0; i < 288; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  make_code(literals, lengths, 288, 1);
  memset(lengths, 5, 32);
  make_code(distances, lengths, 32, 1);
}

/* The codes of a block, whose lengths are themselves written in a code. */
static int read_codes(Stream *s, Code *literals, Code *distances) {
  static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  uint8_t lengths[320] = {0};
  int nliterals = take(s, 5) + 257, ndistances = take(s, 5) + 1, ncodes = take(s, 4) + 4;
  if (nliterals < 257 || nliterals > 286 || ndistances < 1 || ndistances > 30 || ncodes < 4) return 0;
  for (int i = 0; i < ncodes; i++) {
    int length = take(s, 3);
    if (length < 0) return 0;
    lengths[order[i]] = (uint8_t)length;
  }
  if (!make_code(literals, lengths, 19, 1)) return 0;
  memset(lengths, 0, sizeof lengths);
  for (int i = 0, n = nliterals + ndistances; i < n;) {
    int k = symbol(s, literals), times = 1, value = k;
    if (k < 0) return 0;
    if (k >= 16) {
      int more = take(s, k == 16 ? 2 : k == 17 ? 3 : 7);
      if (more < 0 || (k == 16 && i == 0)) return 0;
      times = more + (k == 18 ? 11 : 3);
      value = k == 16 ? lengths[i - 1] : 0;
    }
    if (times > n - i) return 0;
    while (times--) lengths[i++] = (uint8_t)value;
  }
  return lengths[256] && make_code(literals, lengths, nliterals, 0) && make_code(distances, lengths + nliterals, ndistances, 0);
}

static const char *copy(Stream *s, int length_symbol, const Code *distances) {
  static const uint16_t length_base[29] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const uint16_t distance_base[30] = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  int k = length_symbol - 257;
  if (k >= 29) return "an unknown length";
  int length_bits = k < 8 || k == 28 ? 0 : k / 4 - 1, more = take(s, length_bits), d = symbol(s, distances);
  if (more < 0 || d < 0 || d >= 30) return "a distance is damaged";
  int distance_bits = d < 4 ? 0 : d / 2 - 1, further = take(s, distance_bits);
  size_t length = length_base[k] + (size_t)more, distance = distance_base[d] + (size_t)further;
  if (further < 0 || distance > s->n) return "a distance reaches before the beginning";
  if (length > s->size - s->n) return "it is longer than the directory says";
  for (uint8_t *to = s->out + s->n, *end = to + length; to < end; to++) *to = to[-(ptrdiff_t)distance];     /* may overlap itself: that repeats */
  s->n += length;
  return NULL;
}

static const char *coded(Stream *s, const Code *literals, const Code *distances) {
  for (;;) {
    int k = symbol(s, literals);
    const char *wrong = NULL;
    if (k < 0) return "a code is damaged";
    if (k == 256) return NULL;
    if (k > 256) wrong = copy(s, k, distances);
    else if (s->n == s->size) return "it is longer than the directory says";
    else s->out[s->n++] = (uint8_t)k;
    if (wrong) return wrong;
  }
}

const char *tide__inflate(const uint8_t *p, size_t n, uint8_t *out, size_t size, void *scratch) {
  Stream s = {p, p + n, 0, 0, out, 0, size};
  Code literals = {scratch, 1}, distances = {(uint16_t *)scratch + (1 << LONGEST), 1};
  for (int last = 0; !last;) {
    int kind;
    const char *wrong;
    if ((last = take(&s, 1)) < 0 || (kind = take(&s, 2)) < 0) return "it ends early";
    if (kind == 0) wrong = stored(&s);
    else if (kind == 3) wrong = "an unknown kind of block";
    else {
      if (kind == 1) fixed_codes(&literals, &distances);
      else if (!read_codes(&s, &literals, &distances)) return "the codes of a block are damaged";
      wrong = coded(&s, &literals, &distances);
    }
    if (wrong) return wrong;
  }
  if (s.n != size) return "it is shorter than the directory says";
  return s.p == s.end && s.count < 8 ? NULL : "bytes follow its end";
}
