/*
** Products of one float dtype T at one instruction-set level. The level's file (gemm_base.c ...) defines BYTES (of a vector), ROWS (of a tile), and what
** plain C does not say: FMA (a b + c), LOAD (n elements, the rest zeros), STORE (n elements), LOW and HIGH (the halves of two vectors, interleaved),
** EACH_TILE. It then includes this once for each dtype.
**
**   tiles   C in tiles of up to ROWS x COLS, whose sums stay in registers while k runs: a vector of a row of B times one element of A after another.
**           A is read where it lies, whatever its strides, or from a copy of a block, tile behind tile. B is read in panels of COLS columns: where it
**           lies if its rows are whole vectors, else from a copy, which turns it if it is stored by columns and fills up the last panel with zeros.
**   dots    few columns: one dot product after another, four rows of A at a time
**   sums    one row: the rows of B added up, each times an element of A
**
** An element of C is the same sum in the same order wherever a product is cut.
*/
#include "kernels/gemm.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(f)      PASTE(f, T)
#define V            NAME(lanes)
#define TO           NAME(To)
#define LANES        (int)(BYTES / sizeof(T))
#define COLS         (2 * LANES)
#define LEAST(a, b)  ((a) < (b) ? (a) : (b))
#define INLINE       static inline __attribute__((always_inline))
#define BLOCK_M      384                 /* rows of A for which B is copied once */
#define BLOCK_K      384                 /* of both: a panel of B stays near the first cache, a copied block of A in the second */
#define BLOCK_N      (8 * COLS)          /* columns of B that are copied at a time */
#define BLOCK_SUM    1024                /* rows that are added up by themselves */
#define SPAN         2048                /* elements of a copied vector that are summed by themselves; four times as many where they lie */

/* A loop of constant length whose passes are to be code one behind the other, early enough for arrays to become registers: clang does so, if not told. */
#if defined(__clang__)
#define EVERY(i, n)  for (int i = 0; i < (n); i++)
#else
#define EVERY(i, n)  _Pragma("GCC unroll 16") for (int i = 0; i < (n); i++)
#endif

typedef T V __attribute__((vector_size(BYTES)));

INLINE V NAME(load)(const T *p) { V v; memcpy(&v, p, sizeof v); return v; }
INLINE V NAME(some)(const T *p, int n) { return (V)NAME(LOAD)(p, n); }
INLINE void NAME(store)(T *p, V v) { memcpy(p, &v, sizeof v); }
INLINE V NAME(splat)(T x) { return x - (V){0}; }

/* Where sums go: C = alpha sums + beta X. */
typedef struct TO { T *c; const T *x; int64_t c_row, c_col, x_row, x_col; T alpha, beta; } TO;

static void NAME(put)(const TO *to, int h, int w, const T *sums) {
  T *c = to->c;
  const T *x = to->x;
  for (int i = 0; i < h; i++, sums += COLS, c += to->c_row, x += to->x_row) {
    int j = 0;
    if (to->c_col == 1 && (to->beta == 0 || to->x_col == 1))
      for (; j < w; j += LANES) {
        int n = LEAST(w - j, LANES);
        V v = to->alpha * NAME(load)(sums + j);
        if (to->beta != 0) v += to->beta * NAME(some)(x + j, n);
        NAME(STORE)(c + j, n, v);
      }
    for (; j < w; j++) c[j * to->c_col] = to->beta == 0 ? to->alpha * sums[j] : to->alpha * sums[j] + to->beta * x[j * to->x_col];
  }
}

/* h rows and w vectors (constants) of C, of which `columns` are wanted. */
INLINE void NAME(tile)(const int h, const int w, int64_t k, const T *a, int64_t row, int64_t step, const T *b, int64_t ldb, const TO *to, int columns) {
  V s[ROWS][2];
  const char *a0 = (const char *)a, *a4 = a0 + 4 * (row *= sizeof(T)), *a8 = a4 + 4 * row;      /* in bytes: few registers reach all rows */
  step *= sizeof(T);
  EVERY(i, h) {
    T *c = to->c + i * to->c_row;
    __builtin_prefetch(c, 1);
    if (w == 2) __builtin_prefetch(c + LANES, 1);
    s[i][0] = s[i][1] = (V){0};
  }
  for (; k; k--, a0 += step, a4 += step, a8 += step, b += ldb) {
    V b0 = NAME(load)(b), b1 = w == 2 ? NAME(load)(b + LANES) : b0;
    EVERY(i, h) {
      V v = NAME(splat)(*(const T *)((i < 4 ? a0 : i < 8 ? a4 : a8) + i % 4 * row));
      s[i][0] = NAME(FMA)(v, b0, s[i][0]);
      if (w == 2) s[i][1] = NAME(FMA)(v, b1, s[i][1]);
    }
  }
  T sums[ROWS * COLS], *c = sums;
  int whole = columns == w * LANES && to->c_col == 1 && to->beta == 0 && to->alpha == 1;
  int64_t c_row = COLS;
  if (whole) { c = to->c; c_row = to->c_row; }
  EVERY(i, h) {
    NAME(store)(c + i * c_row, s[i][0]);
    if (w == 2) NAME(store)(c + i * c_row + LANES, s[i][1]);
  }
  if (!whole) NAME(put)(to, h, columns, sums);
}

typedef void (*NAME(Tile))(int64_t k, const T *a, int64_t row, int64_t step, const T *b, int64_t ldb, const TO *to, int columns);
#define PARAMETERS int64_t k, const T *a, int64_t row, int64_t step, const T *b, int64_t ldb, const TO *to, int columns
#define TILE(h) \
  static void PASTE(NAME(tile1), h)(PARAMETERS) { NAME(tile)(h, 1, k, a, row, step, b, ldb, to, columns); } \
  static void PASTE(NAME(tile2), h)(PARAMETERS) { NAME(tile)(h, 2, k, a, row, step, b, ldb, to, columns); }
EACH_TILE(TILE)
#undef TILE
#define TILE(h) {PASTE(NAME(tile1), h), PASTE(NAME(tile2), h)},
static const NAME(Tile) NAME(tile_of)[ROWS][2] = {EACH_TILE(TILE)};
#undef TILE


/* {======================== copies ======================== */

/* to[q][i] = from[i][q], a square of vectors: interleaving rows i and i + LANES / 2 moves the highest bit of i behind the bits of q; all have been moved
** when that was done as often as there are bits. Only n elements of `lines` rows are there (constants where that is all of them), `wide` are written. */
INLINE void NAME(square)(const T *from, int64_t line, int lines, int n, T *to, int width, int wide) {
  V r[LANES], s[LANES];
  EVERY(i, LANES) r[i] = i >= lines ? (V){0} : n == LANES ? NAME(load)(from + i * line) : NAME(some)(from + i * line, n);
  for (int bit = 1; bit < LANES; bit *= 2) {
    EVERY(i, LANES / 2) {
      s[2 * i] = (V)NAME(LOW)(r[i], r[i + LANES / 2]);
      s[2 * i + 1] = (V)NAME(HIGH)(r[i], r[i + LANES / 2]);
    }
    EVERY(i, LANES) r[i] = s[i];
  }
  if (n == LANES) EVERY(q, LANES) { if (wide == LANES) NAME(store)(to + q * width, r[q]); else NAME(STORE)(to + q * width, wide, r[q]); }
  else {
    T all[LANES * LANES];
    EVERY(q, LANES) NAME(store)(all + q * LANES, r[q]);
    for (int q = 0; q < n; q++) memcpy(to + q * width, all + q * LANES, (size_t)wide * sizeof(T));
  }
}
static void NAME(whole_square)(const T *from, int64_t line, T *to, int width) { NAME(square)(from, line, LANES, LANES, to, width, LANES); }
static void NAME(narrow_square)(const T *from, int64_t line, int lines, T *to, int width, int wide) { NAME(square)(from, line, lines, LANES, to, width, wide); }
static void NAME(part_square)(const T *from, int64_t line, int lines, int n, T *to, int width, int wide) { NAME(square)(from, line, lines, n, to, width, wide); }

/* k rows of `columns` elements, filled up with zeros to `width`, one behind the other. */
static void NAME(panel)(int64_t k, int columns, const T *b, int64_t row, int64_t col, T *to, int width) {
  if (col == 1)
    for (; k; k--, b += row, to += width)
      for (int j = 0; j < width; j += LANES) {
        V v = j + LANES <= columns ? NAME(load)(b + j) : NAME(some)(b + j, (int)LEAST(columns - j, LANES));
        if (j + LANES <= width) NAME(store)(to + j, v); else NAME(STORE)(to + j, width - j, v);
      }
  else if (row == 1)
    for (int64_t p = 0; p < k; p += LANES)
      for (int j = 0; j < width; j += LANES) {
        int lines = (int)LEAST(columns - j, LANES), n = (int)LEAST(k - p, LANES), wide = (int)LEAST(width - j, LANES);
        const T *from = b + j * col + p;
        T *into = to + p * width + j;
        if (n < LANES) NAME(part_square)(from, col, lines, n, into, width, wide);
        else if (lines < LANES) NAME(narrow_square)(from, col, lines, into, width, wide);
        else NAME(whole_square)(from, col, into, width);
      }
  else
    for (; k; k--, b += row, to += width)
      for (int j = 0; j < width; j++) to[j] = j < columns ? b[j * col] : 0;
}

/* }========================================================= */


/* {======================== tiles ======================== */

/* Copies cost less than they bring where B does not fit the second cache, and where rows lie whole pages apart, which fall upon each other there. */
static int NAME(far)(tide__Matrix x) { return (x.row == 1 ? x.col : x.row) * (int64_t)sizeof(T) % 4096 == 0; }
static int NAME(large)(const tide__Part *g) { return g->k >= 128 && g->n >= 128 && g->m >= 48 && g->k * g->n * (int64_t)sizeof(T) >= 1 << 21; }
static int NAME(copies_a)(const tide__Part *g) {
  if (g->a.row != 1 && g->a.col != 1) return g->n > 4 * COLS;
  return g->n >= 8 * COLS && g->k >= 128 && (NAME(large)(g) || NAME(far)(g->a));
}
static int NAME(copies_b)(const tide__Part *g) {
  return g->b.col != 1 || NAME(large)(g) || (g->m >= 96 && g->k >= 128 && NAME(far)(g->b));
}

/* Blocks of nearly equal size, in units: 0 .. n in as many as it takes for none to be longer than `most`. */
static int64_t NAME(block_of)(int64_t n, int64_t most, int64_t unit) {
  int64_t blocks = (n + most - 1) / most;
  return blocks < 2 ? n : ((n + blocks - 1) / blocks + unit - 1) / unit * unit;
}
static int64_t NAME(rows_of)(const tide__Part *g) { return NAME(block_of)(g->m, BLOCK_M, ROWS); }
static int64_t NAME(steps_of)(const tide__Part *g) { return NAME(block_of)(g->k, BLOCK_K, LANES); }
static int64_t NAME(columns_of)(const tide__Part *g) { return g->b.col == 1 ? BLOCK_N : COLS; }

/* Elements of the copies: of some panels of B, of a block of A. */
static int64_t NAME(panel_room)(const tide__Part *g) {
  int64_t n = NAME(copies_b)(g) ? LEAST(g->n, NAME(columns_of)(g)) : g->n % COLS;
  return (n + LANES - 1) / LANES * LANES * NAME(steps_of)(g);
}
static int64_t NAME(block_room)(const tide__Part *g) {
  return NAME(copies_a)(g) ? (NAME(rows_of)(g) + ROWS - 1) / ROWS * ROWS * NAME(steps_of)(g) : 0;
}
static size_t NAME(tiles_room)(const tide__Part *g) { return (size_t)(NAME(panel_room)(g) + NAME(block_room)(g)) * sizeof(T); }

/* Tiles of nearly equal height: how many rows has the next, `left` of them being left for m rows? */
static int64_t NAME(height)(int64_t m, int64_t left) { return (m + left - 1) / left; }

/* n columns of B in panels. Where B's rows are whole, all panels grow at once: what lies together is read together. */
static void NAME(panels)(int64_t k, int64_t n, const T *b, int64_t row, int64_t col, T *to) {
  int64_t whole = col == 1 ? n / COLS * COLS : 0;
  if (whole)
    for (int64_t p = 0; p < k; p++)
      for (int64_t j = 0; j < whole; j += COLS) {
        NAME(store)(to + j * k + p * COLS, NAME(load)(b + p * row + j));
        NAME(store)(to + j * k + p * COLS + LANES, NAME(load)(b + p * row + j + LANES));
      }
  for (int64_t j = whole; j < n; j += COLS) {
    int columns = (int)LEAST(n - j, COLS);
    NAME(panel)(k, columns, b + j * col, row, col, to + j * k, columns > LANES ? COLS : LANES);
  }
}

/* A block of A in panels, one for each tile. */
static void NAME(block)(int64_t m, int64_t k, tide__Matrix a, T *to) {
  const T *from = a.data;
  for (int64_t left = (m + ROWS - 1) / ROWS; left; left--, to += ROWS * k) {
    int64_t h = NAME(height)(m, left);
    NAME(panel)(k, (int)h, from, a.col, a.row, to, ROWS);
    m -= h;
    from += h * a.row;
  }
}

/* A column of tiles. A lies in panels (`next` elements from one to the next), or where it is (next 0). */
static void NAME(column)(int64_t m, int64_t k, tide__Matrix a, int64_t next, const T *b, int64_t ldb, const TO *top, int columns) {
  TO to = *top;
  const T *from = a.data;
  int w = columns > LANES;
  for (int64_t left = (m + ROWS - 1) / ROWS; left; left--) {
    int64_t h = NAME(height)(m, left);
    NAME(tile_of)[h - 1][w](k, from, a.row, a.col, b, ldb, &to, columns);
    m -= h;
    from += next ? next : h * a.row;
    to.c += h * to.c_row;
    to.x += h * to.x_row;
  }
}

static void NAME(tiles)(const tide__Part *g, void *scratch) {
  T *panel = scratch, *block = panel + NAME(panel_room)(g);
  const int copies_a = NAME(copies_a)(g), copies_b = NAME(copies_b)(g);
  const int64_t block_m = NAME(rows_of)(g), block_k = NAME(steps_of)(g), block_n = NAME(columns_of)(g);
  for (int64_t i = 0; i < g->m; i += block_m) {
    int64_t m = LEAST(g->m - i, block_m), p = 0;
    TO to = {NULL, NULL, g->c_row, g->c_col, g->x.row, g->x.col, (T)g->alpha, (T)g->beta};
    const T *x = g->x.data;
    do {
      int64_t k = LEAST(g->k - p, block_k);
      tide__Matrix a = {(const T *)g->a.data + i * g->a.row + p * g->a.col, g->a.row, g->a.col};
      if (copies_a) {
        NAME(block)(m, k, a, block);
        a = (tide__Matrix){block, 1, ROWS};
      }
      for (int64_t j = 0; j < g->n; j += COLS) {
        int columns = (int)LEAST(g->n - j, COLS), width = columns > LANES ? COLS : LANES, copies = copies_b || columns < width;
        int64_t at = copies_b ? j % block_n : 0;
        const T *b = (const T *)g->b.data + p * g->b.row + j * g->b.col;
        if (copies && at == 0) NAME(panels)(k, LEAST(g->n - j, block_n), b, g->b.row, g->b.col, panel);
        to.c = (T *)g->c + i * to.c_row + j * to.c_col;
        to.x = x + i * to.x_row + j * to.x_col;
        NAME(column)(m, k, a, copies_a ? ROWS * k : 0, copies ? panel + at * k : b, copies ? width : g->b.row, &to, columns);
      }
      p += k;
      x = g->c;
      to.x_row = to.c_row;
      to.x_col = to.c_col;
      to.beta = 1;
    } while (p < g->k);
  }
}

/* }========================================================= */


/* {======================== vectors ======================== */

#define CHAINS (ROWS >= 12 ? 4 : 2)      /* sums side by side for each row */

/* sums[i] of h rows (a constant) of A and one vector. */
INLINE void NAME(dot)(const int h, int64_t k, const T *a, int64_t row, const T *x, T *sums) {
  V s[4][CHAINS];
  EVERY(i, h) EVERY(j, CHAINS) s[i][j] = (V){0};
  int64_t p = 0;
  for (; p + CHAINS * LANES <= k; p += CHAINS * LANES)
    EVERY(j, CHAINS) {
      V v = NAME(load)(x + p + j * LANES);
      EVERY(i, h) s[i][j] = NAME(FMA)(v, NAME(load)(a + i * row + p + j * LANES), s[i][j]);
    }
  for (; p < k; p += LANES) {
    int n = (int)LEAST(k - p, LANES);
    V v = NAME(some)(x + p, n);
    EVERY(i, h) s[i][0] = NAME(FMA)(v, NAME(some)(a + i * row + p, n), s[i][0]);
  }
  EVERY(i, h) {
    T lane[LANES];
    V sum = s[i][0] + s[i][1];
    if (CHAINS == 4) sum += s[i][2] + s[i][CHAINS - 1];
    NAME(store)(lane, sum);
    for (int half = LANES / 2; half; half /= 2) for (int l = 0; l < half; l++) lane[l] += lane[l + half];
    sums[i] = lane[0];
  }
}
static void NAME(dot1)(int64_t k, const T *a, const T *x, T *sums) { NAME(dot)(1, k, a, 0, x, sums); }
static void NAME(dot4)(int64_t k, const T *a, int64_t row, const T *x, T *sums) { NAME(dot)(4, k, a, row, x, sums); }

static size_t NAME(dots_room)(const tide__Part *g) { return g->b.row == 1 ? 0 : (size_t)(LEAST(g->k, SPAN) * g->n) * sizeof(T); }

static void NAME(dots)(const tide__Part *g, void *scratch) {
  TO to = {g->c, g->x.data, g->c_row, g->c_col, g->x.row, g->x.col, (T)g->alpha, (T)g->beta};
  int64_t p = 0;
  do {
    int64_t k = LEAST(g->k - p, g->b.row == 1 ? 4 * SPAN : SPAN), col = g->b.row == 1 ? g->b.col : k;
    const T *b = (const T *)g->b.data + p * g->b.row, *x = g->b.row == 1 ? b : scratch;
    if (g->b.row != 1) for (int64_t j = 0; j < g->n; j++) for (int64_t q = 0; q < k; q++) ((T *)scratch)[j * k + q] = b[q * g->b.row + j * g->b.col];
    for (int64_t i = 0; i < g->m; i += 4) {
      const T *a = (const T *)g->a.data + i * g->a.row + p;
      int h = (int)LEAST(g->m - i, 4);
      for (int64_t j = 0; j < g->n; j++) {
        T sums[4];
        if (h == 4) NAME(dot4)(k, a, g->a.row, x + j * col, sums);
        else for (int l = 0; l < h; l++) NAME(dot1)(k, a + l * g->a.row, x + j * col, sums + l);
        for (int l = 0; l < h; l++) {
          T *c = to.c + (i + l) * to.c_row + j * to.c_col;
          *c = to.alpha * sums[l] + (to.beta == 0 ? 0 : to.beta * to.x[(i + l) * to.x_row + j * to.x_col]);
        }
      }
    }
    p += k;
    to.x = to.c;
    to.x_row = to.c_row;
    to.x_col = to.c_col;
    to.beta = 1;
  } while (p < g->k);
}

/* The only row of C, a span of it at a time, to which rows of B are added by fours. */
static void NAME(sums)(const tide__Part *g) {
  const T alpha = (T)g->alpha;
  T s[SPAN];
  for (int64_t j = 0; j < g->n; j += SPAN) {
    int64_t w = LEAST(g->n - j, SPAN), row = g->b.row, p = 0, x_col = g->x.col;
    const T *a = g->a.data, *b = (const T *)g->b.data + j, *x = (const T *)g->x.data + j * x_col;
    T *c = (T *)g->c + j * g->c_col, beta = (T)g->beta;
    do {
      int64_t end = LEAST(p + BLOCK_SUM, g->k);
      memset(s, 0, (size_t)w * sizeof(T));
      for (; p + 4 <= end; p += 4, b += 4 * row) {
        T a0 = a[p * g->a.col], a1 = a[(p + 1) * g->a.col], a2 = a[(p + 2) * g->a.col], a3 = a[(p + 3) * g->a.col];
        const T *b0 = b, *b1 = b + row, *b2 = b + 2 * row, *b3 = b + 3 * row;
        for (int64_t q = 0; q < w; q++) s[q] = s[q] + a0 * b0[q] + a1 * b1[q] + a2 * b2[q] + a3 * b3[q];
      }
      for (; p < end; p++, b += row) for (int64_t q = 0; q < w; q++) s[q] += a[p * g->a.col] * b[q];
      for (int64_t q = 0; q < w; q++) c[q * g->c_col] = beta == 0 ? alpha * s[q] : alpha * s[q] + beta * x[q * x_col];
      x = c;
      x_col = g->c_col;
      beta = 1;
    } while (p < g->k);
  }
}

/* }========================================================= */

#define GEMM(T) {PASTE(tiles, T), PASTE(tiles_room, T), PASTE(dots, T), PASTE(dots_room, T), PASTE(sums, T), ROWS, 2 * BYTES / (int)sizeof(T)}

#undef T
