/*
** JSON (RFC 8259), strictly: UTF-8, no comments, no key twice in an object, and no deeper than TIDE__DEEPEST. Numbers without a point or an exponent are
** integers of 64 bits, or errors.
*/
#include "io/io.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>

typedef struct Parser { tide_Contents *r; const char *start, *s, *end; int depth; } Parser;

static void *fail(Parser *p, const char *what) { return tide__bad(p->r, "JSON at byte %zu: %s", (size_t)(p->s - p->start) + 1, what); }

static void space(Parser *p) { while (p->s < p->end && (*p->s == ' ' || *p->s == '\n' || *p->s == '\r' || *p->s == '\t')) p->s++; }
static int peek(const Parser *p) { return p->s < p->end ? (unsigned char)*p->s : -1; }
/* Takes the character c, after white space. */
static int take(Parser *p, int c) {
  space(p);
  if (peek(p) != c) return 0;
  p->s++;
  return 1;
}


/* {======================== strings ======================== */

size_t tide__utf8(const char *s, size_t n) {
  const unsigned char *u = (const unsigned char *)s;
  if (n >= 1 && u[0] < 0x80) return 1;
#define MORE(i) ((u[i] & 0xc0) == 0x80)
  if (n >= 2 && u[0] >= 0xc2 && u[0] < 0xe0 && MORE(1)) return 2;
  if (n >= 3 && (u[0] & 0xf0) == 0xe0 && MORE(1) && MORE(2)) {
    unsigned c = (u[0] & 15u) << 12 | (u[1] & 63u) << 6;
    return c >= 0x800 && (c & 0xf800) != 0xd800 ? 3 : 0;          /* neither overlong nor a surrogate */
  }
  if (n >= 4 && u[0] >= 0xf0 && u[0] <= 0xf4 && MORE(1) && MORE(2) && MORE(3)) {
    unsigned c = (u[0] & 7u) << 18 | (u[1] & 63u) << 12;
    return c >= 0x10000 && c < 0x110000 ? 4 : 0;
  }
  return 0;
}

static int hex4(Parser *p, unsigned *code) {
  *code = 0;
  if (p->end - p->s < 4) return 0;
  for (int i = 0; i < 4; i++) {
    int c = *p->s++, digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return 0;
    *code = *code << 4 | (unsigned)digit;
  }
  return 1;
}

static char *encode(char *to, unsigned code) {
  if (code < 0x80) *to++ = (char)code;
  else {
    if (code < 0x800) *to++ = (char)(0xc0 | code >> 6);
    else {
      if (code < 0x10000) *to++ = (char)(0xe0 | code >> 12);
      else { *to++ = (char)(0xf0 | code >> 18); *to++ = (char)(0x80 | ((code >> 12) & 63)); }
      *to++ = (char)(0x80 | ((code >> 6) & 63));
    }
    *to++ = (char)(0x80 | (code & 63));
  }
  return to;
}

/* \uXXXX, the \u taken: with its second half where it is the first of a pair. */
static char *unicode(Parser *p, char *to) {
  unsigned high, low;
  if (!hex4(p, &high)) return fail(p, "four hexadecimal digits are expected");
  if ((high & 0xf800) != 0xd800) return encode(to, high);
  if (high >= 0xdc00 || p->end - p->s < 2 || p->s[0] != '\\' || p->s[1] != 'u') return fail(p, "half a surrogate pair");
  p->s += 2;
  if (!hex4(p, &low) || (low & 0xfc00) != 0xdc00) return fail(p, "half a surrogate pair");
  return encode(to, 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff)));
}

static char *escape(Parser *p, char *to) {
  static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
  int c = peek(p);
  const char *k = c > 0 ? strchr(from, c) : NULL;
  if (k) { p->s++; *to = into[k - from]; return to + 1; }
  if (c != 'u') return fail(p, "an unknown escape");
  p->s++;
  return unicode(p, to);
}

/* The string behind its opening quote. Unescaped it is no longer than what stands there. */
static tide_Item *string(Parser *p) {
  const char *q = p->s;
  while (q < p->end && *q != '"') q += *q == '\\' ? 2 : 1;
  if (q >= p->end) return fail(p, "a string without an end");
  tide_Item *item = tide__item(p->r, TIDE_ITEM_STRING);
  char *text = item ? tide__room(p->r, (size_t)(q - p->s) + 1) : NULL, *to = text;
  if (!text) return NULL;
  while (*p->s != '"') {
    if (*p->s == '\\') {
      p->s++;
      if (!(to = escape(p, to))) return NULL;
      continue;
    }
    size_t n = tide__utf8(p->s, (size_t)(p->end - p->s));
    if (n == 0) return fail(p, "this is not UTF-8");
    if ((unsigned char)*p->s < ' ') return fail(p, "a control character in a string");
    memcpy(to, p->s, n);
    to += n;
    p->s += n;
  }
  p->s++;
  *to = 0;
  item->s = text;
  item->n = (size_t)(to - text);
  return item;
}

void tide__add_json_string(tide__Builder *b, const char *s) {
  size_t n = strlen(s);
  tide__add(b, "\"", 1);
  for (size_t i = 0, k; i < n && !b->failed; i += k) {
    k = tide__utf8(s + i, n - i);
    if (k == 0) { b->failed = 1; tide__fail(b->c, TIDE_EVALUE, "the text \"%s\" is not UTF-8", SHOWN(s, n)); }
    else if (s[i] == '"' || s[i] == '\\') tide__addf(b, "\\%c", s[i]);
    else if ((unsigned char)s[i] < ' ') tide__addf(b, "\\u%04x", s[i]);
    else tide__add(b, s + i, k);
  }
  tide__add(b, "\"", 1);
}

/* }========================================================= */


/* {======================== values ======================== */

static int digits(Parser *p) {
  const char *from = p->s;
  while (peek(p) >= '0' && peek(p) <= '9') p->s++;
  return p->s > from;
}

#define LONGEST 400                     /* characters of a number */

static tide_Item *number(Parser *p) {
  const char *from = p->s;
  int whole = 1;
  char text[LONGEST + 1], *end;
  if (peek(p) == '-') p->s++;
  if (peek(p) == '0') p->s++;
  else if (!digits(p)) return fail(p, "a value is expected");
  if (peek(p) == '.') { whole = 0; p->s++; if (!digits(p)) return fail(p, "digits are expected"); }
  if (peek(p) == 'e' || peek(p) == 'E') {
    whole = 0;
    p->s++;
    if (peek(p) == '+' || peek(p) == '-') p->s++;
    if (!digits(p)) return fail(p, "digits are expected");
  }
  size_t n = (size_t)(p->s - from);
  if (n > LONGEST) return fail(p, "a number of too many digits");
  memcpy(text, from, n);
  text[n] = 0;
  tide_Item *item = tide__item(p->r, whole ? TIDE_ITEM_INTEGER : TIDE_ITEM_NUMBER);
  if (!item) return NULL;
  if (whole) {
    errno = 0;
    item->i = strtoll(text, &end, 10);
    return errno == ERANGE ? fail(p, "a number that needs more than 64 bits") : item;
  }
  char *point = memchr(text, '.', n);
  if (point) *point = *localeconv()->decimal_point;      /* as the host's locale writes it */
  item->d = strtod(text, &end);
  return *end ? fail(p, "a number that cannot be read") : item;
}

static tide_Item *value(Parser *p);

static tide_Item *list(Parser *p) {
  tide_Item *l = tide__item(p->r, TIDE_ITEM_LIST);
  if (!l || take(p, ']')) return l;
  do {
    if (!tide__append(p->r, l, value(p))) return NULL;
  } while (take(p, ','));
  return take(p, ']') ? l : fail(p, "',' or ']' is expected");
}

static tide_Item *object(Parser *p) {
  tide_Item *d = tide__item(p->r, TIDE_ITEM_DICT);
  if (!d || take(p, '}')) return d;
  do {
    if (!take(p, '"')) return fail(p, "a key is expected");
    tide_Item *key = string(p);
    if (!key) return NULL;
    if (!take(p, ':')) return fail(p, "':' is expected");
    if (!tide__put(p->r, d, key, value(p))) return NULL;
  } while (take(p, ','));
  if (!take(p, '}')) return fail(p, "',' or '}' is expected");
  return tide__check_keys(p->r, d) ? d : NULL;
}

static tide_Item *word(Parser *p, const char *w, int kind, int64_t i) {
  size_t n = strlen(w);
  if ((size_t)(p->end - p->s) < n || memcmp(p->s, w, n)) return fail(p, "a value is expected");
  p->s += n;
  tide_Item *item = tide__item(p->r, kind);
  if (item) item->i = i;
  return item;
}

static tide_Item *value(Parser *p) {
  tide_Item *item;
  if (++p->depth > TIDE__DEEPEST) return fail(p, "it is nested too deeply");
  if (take(p, '{')) item = object(p);
  else if (take(p, '[')) item = list(p);
  else if (take(p, '"')) item = string(p);
  else if (peek(p) == 't') item = word(p, "true", TIDE_ITEM_BOOLEAN, 1);
  else if (peek(p) == 'f') item = word(p, "false", TIDE_ITEM_BOOLEAN, 0);
  else if (peek(p) == 'n') item = word(p, "null", TIDE_ITEM_NONE, 0);
  else item = number(p);
  p->depth--;
  return item;
}

tide_Item *tide__json(tide_Contents *r, const char *s, size_t n) {
  Parser p = {r, s, s, s + n, 0};
  tide_Item *item = value(&p);
  if (!item) return NULL;
  space(&p);
  return p.s == p.end ? item : fail(&p, "nothing more is expected");
}

/* }========================================================= */
