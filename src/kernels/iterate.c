/*
** The nest of loops around every strided kernel.
**
** tide__iterate goes through the elements in the order of operand 0's memory. tide__map may take them in any order, and so cuts them into blocks,
** which threads share: rows of some length along the innermost dimension, and for each block one call for each row. An operand
** that lies across (its elements are neighbours along another dimension than operand 0's) is not walked at its long stride:
** the blocks are then tiles over both dimensions, and the operand's part of a tile is turned into a buffer first.
*/
#include "base/threads.h"
#include "kernels/move.h"

static int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

/* Does dimension a belong outside b? By the first operand that tells them apart. */
static int outside(const tide__Iter *it, int a, int b) {
  for (int k = 0; k < it->nop; k++) {
    int64_t x = magnitude(it->stride[k][a]), y = magnitude(it->stride[k][b]);
    if (x == 0 || y == 0) continue;               /* broadcast: this operand has no opinion */
    if (x != y) return x > y;
  }
  return a < b;
}

static void swap_dims(tide__Iter *it, int a, int b) {
  int64_t t = it->shape[a]; it->shape[a] = it->shape[b]; it->shape[b] = t;
  for (int k = 0; k < it->nop; k++) { t = it->stride[k][a]; it->stride[k][a] = it->stride[k][b]; it->stride[k][b] = t; }
}

void tide__iter_init(tide__Iter *it, int nd, const int64_t *shape, int nop, const int64_t *const *strides, const size_t *size) {
  int n = 0;
  it->nop = nop;
  for (int k = 0; k < nop; k++) it->size[k] = (uint8_t)size[k];
  for (int d = 0; d < nd; d++) {
    if (shape[d] == 1) continue;
    it->shape[n] = shape[d];
    for (int k = 0; k < nop; k++) it->stride[k][n] = strides[k][d] * (int64_t)size[k];
    n++;
  }
  for (int i = 1; i < n; i++)                      /* insertion sort: few dimensions, mostly in order */
    for (int j = i; j > 0 && !outside(it, j - 1, j); j--) swap_dims(it, j - 1, j);
  int m = 0;
  for (int d = 1; d < n; d++) {
    int fits = 1;
    for (int k = 0; k < nop; k++) fits &= it->stride[k][m] == it->stride[k][d] * it->shape[d];
    if (fits) it->shape[m] *= it->shape[d];
    else it->shape[++m] = it->shape[d];
    for (int k = 0; k < nop; k++) it->stride[k][m] = it->stride[k][d];
  }
  it->nd = n ? m + 1 : 0;
}

void tide__iterate(const tide__Iter *it, char *const *data, tide__Loop loop, const double *param) {
  char *p[TIDE_MAXOPERANDS];
  int64_t s[TIDE_MAXOPERANDS] = {0}, index[TIDE_MAXDIM] = {0};
  for (int d = 0; d < it->nd; d++) if (it->shape[d] == 0) return;
  for (int k = 0; k < it->nop; k++) p[k] = data[k];
  if (it->nd == 0) { loop(1, p, s, param); return; }
  int last = it->nd - 1;
  for (int k = 0; k < it->nop; k++) s[k] = it->stride[k][last];
  for (;;) {
    loop(it->shape[last], p, s, param);
    int d = last - 1;
    for (; d >= 0; d--) {
      for (int k = 0; k < it->nop; k++) p[k] += it->stride[k][d];
      if (++index[d] < it->shape[d]) break;
      for (int k = 0; k < it->nop; k++) p[k] -= it->stride[k][d] * it->shape[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}


/* {======================== blocks ======================== */

typedef struct Blocks {
  const tide__Iter *it;
  char *const *data;
  tide__BlockFunction f;
  void *arg;
  int64_t most[2], count[2];             /* sizes of a block, and how many there are, along the last two dimensions */
} Blocks;

/* The blocks begin .. end - 1, numbered with the last dimension's fastest. */
static void some_blocks(void *arg, int64_t begin, int64_t end) {
  const Blocks *b = arg;
  const tide__Iter *it = b->it;
  int nop = it->nop, outer = it->nd > 2 ? it->nd - 2 : 0, across = it->nd > 1 ? it->nd - 2 : -1, last = it->nd - 1;
  int64_t index[TIDE_MAXDIM], at[2], rest = begin, rs[TIDE_MAXOPERANDS] = {0}, cs[TIDE_MAXOPERANDS];
  char *base[TIDE_MAXOPERANDS], *p[TIDE_MAXOPERANDS];
  for (int i = 1; i >= 0; i--) { at[i] = rest % b->count[i]; rest /= b->count[i]; }
  for (int d = outer - 1; d >= 0; d--) { index[d] = rest % it->shape[d]; rest /= it->shape[d]; }
  for (int k = 0; k < nop; k++) {
    base[k] = b->data[k];
    for (int d = 0; d < outer; d++) base[k] += index[d] * it->stride[k][d];
    if (across >= 0) rs[k] = it->stride[k][across];
    cs[k] = it->stride[k][last];
  }
  for (int64_t i = begin; i < end; i++) {
    int64_t row = at[0] * b->most[0], column = at[1] * b->most[1];
    int64_t m = (across >= 0 ? it->shape[across] : 1) - row, n = it->shape[last] - column;
    for (int k = 0; k < nop; k++) p[k] = base[k] + row * rs[k] + column * cs[k];
    b->f(b->arg, m < b->most[0] ? m : b->most[0], n < b->most[1] ? n : b->most[1], p, rs, cs);
    if (++at[1] < b->count[1]) continue;
    at[1] = 0;
    if (++at[0] < b->count[0]) continue;
    at[0] = 0;
    for (int d = outer - 1; d >= 0; d--) {
      for (int k = 0; k < nop; k++) base[k] += it->stride[k][d];
      if (++index[d] < it->shape[d]) break;
      for (int k = 0; k < nop; k++) base[k] -= it->stride[k][d] * it->shape[d];
      index[d] = 0;
    }
  }
}

#define GRAIN 16384                      /* elements that are worth a piece of their own */

void tide__blocks(const tide__Iter *it, char *const *data, int64_t rows, int64_t columns, tide__BlockFunction f, void *arg) {
  static const int64_t still[TIDE_MAXOPERANDS];
  int last = it->nd - 1;
  int64_t total = 1;
  for (int d = 0; d <= last; d++) if (it->shape[d] == 0) return;
  if (last < 0) { f(arg, 1, 1, data, still, still); return; }
  Blocks b = {it, data, f, arg, {1, columns}, {1, (it->shape[last] + columns - 1) / columns}};
  if (last > 0) {
    b.most[0] = rows;
    b.count[0] = (it->shape[last - 1] + rows - 1) / rows;
  }
  for (int d = 0; d < last - 1; d++) total *= it->shape[d];
  int64_t m = last > 0 && it->shape[last - 1] < rows ? it->shape[last - 1] : b.most[0], n = it->shape[last] < columns ? it->shape[last] : columns;
  int64_t grain = GRAIN / (m * n);
  tide__parallel(total * b.count[0] * b.count[1], grain ? grain : 1, some_blocks, &b);
}

void tide__row_blocks(const tide__Iter *it, char *const *data, tide__BlockFunction f, void *arg) {
  int64_t n = it->nd ? it->shape[it->nd - 1] : 1;
  tide__blocks(it, data, n < GRAIN && n > 0 ? GRAIN / n : 1, GRAIN, f, arg);
}

int tide__lies_across(const tide__Iter *it, int k) {
  int last = it->nd - 1;
  int64_t w = it->size[k];
  if (last < 1 || it->stride[0][last] != it->size[0] || it->stride[k][last] == 0 || magnitude(it->stride[k][last]) == w) return -1;
  for (int d = 0; d < last; d++) if (magnitude(it->stride[k][d]) == w && it->shape[d] >= 4) return d;
  return -1;
}

void tide__bring_in(tide__Iter *it, int d) { for (; d < it->nd - 2; d++) swap_dims(it, d, d + 1); }

/* }========================================================= */


/* {======================== elementwise loops ======================== */

#define TURNED 2                         /* operands of a tile that are turned; others that lie across are walked where they are */

typedef struct Map {
  tide__Loop loop;
  const double *param;
  int nop;
  uint8_t size[TIDE_MAXOPERANDS], across[TIDE_MAXOPERANDS];       /* across: number of the operand's buffer, from 1; 0: none */
} Map;

static void map_rows(void *arg, int64_t m, int64_t n, char *const *p, const int64_t *rs, const int64_t *cs) {
  const Map *map = arg;
  char *q[TIDE_MAXOPERANDS];
  for (int k = 0; k < map->nop; k++) q[k] = p[k];
  for (int64_t i = 0; i < m; i++) {
    map->loop(n, q, cs, map->param);
    for (int k = 0; k < map->nop; k++) q[k] += rs[k];
  }
}

static void map_tile(void *arg, int64_t m, int64_t n, char *const *p, const int64_t *rs, const int64_t *cs) {
  const Map *map = arg;
  _Alignas(64) char buffer[TURNED][TIDE_TILE_LINE * TIDE_TILE_COLUMNS];
  char *q[TIDE_MAXOPERANDS];
  int64_t r[TIDE_MAXOPERANDS], c[TIDE_MAXOPERANDS];
  for (int k = 0; k < map->nop; k++) {
    int64_t w = map->size[k];
    q[k] = p[k];
    r[k] = rs[k];
    c[k] = cs[k];
    if (!map->across[k]) continue;
    q[k] = buffer[map->across[k] - 1];
    r[k] = n * w;
    c[k] = w;
    tide__moves()->transpose[tide__width((size_t)w)](m, n, q[k], r[k], p[k], cs[k]);
  }
  map_rows(arg, m, n, q, r, c);
}

/*
** Rows of a few elements are not worth a call of the loop each. So many of the inner dimensions as fill a buffer that stays in the cache are taken
** together: an operand that does not lie in order there is brought into order (its dimensions merged by themselves, for the result's do not matter to it) and
** the loop then has one long row. What is the same in every such pack (a row that all rows get) is brought once.
*/
#define SHORT  128                       /* elements of a row that is short */
#define SPREAD 96                        /* bytes; the same where an operand has one element for a row, which would have to be spread over it */
#define PACK   1024                      /* most elements of a pack */

typedef struct Packed {
  tide__Loop loop;
  const double *param;
  int nop;
  int64_t inner, most;                   /* a pack is some steps along one dimension: elements of a step, and the most steps */
  struct Packing {
    int nd, in_order, still, single;     /* still: the same in each step; single: one element for all */
    int64_t shape[TIDE_MAXDIM], stride[TIDE_MAXDIM], size;
  } of[TIDE_MAXOPERANDS];
} Packed;

/* The pack's dimensions, merged for this operand. The first is that of the steps, or what it was merged into: its length is counted for one step. */
static void plan_packing(struct Packing *g, const tide__Iter *it, int k, int first) {
  g->nd = 0;
  g->size = it->size[k];
  g->still = it->stride[k][first] == 0;
  for (int d = first; d < it->nd; d++) {
    int64_t n = d == first ? 1 : it->shape[d], s = it->stride[k][d];
    if (g->nd && g->stride[g->nd - 1] == s * it->shape[d]) { g->shape[g->nd - 1] *= n; g->stride[g->nd - 1] = s; }
    else { g->shape[g->nd] = n; g->stride[g->nd++] = s; }
  }
  g->in_order = g->nd == 1 && g->stride[0] == g->size;
  g->single = g->nd == 1 && g->stride[0] == 0;
}

/* Between memory and the pack, m steps: out of memory, or (k == 0: the result) into it. */
static void pack(const struct Packing *g, int64_t m, char *memory, char *packed, int into_memory) {
  tide__Move f = tide__moves()->move[tide__width((size_t)g->size)];
  int64_t shape[TIDE_MAXDIM], index[TIDE_MAXDIM] = {0}, w = g->size;
  for (int d = 0; d < g->nd; d++) shape[d] = g->shape[d];
  shape[0] *= m;
  int across = g->nd - 2, last = g->nd - 1;
  int64_t rows = across >= 0 ? shape[across] : 1, rs = across >= 0 ? g->stride[across] : 0, n = shape[last], cs = g->stride[last];
  for (;;) {
    if (into_memory) f(rows, n, memory, rs, cs, packed, n * w, w);
    else f(rows, n, packed, n * w, w, memory, rs, cs);
    packed += rows * n * w;
    int d = across - 1;
    for (; d >= 0; d--) {
      memory += g->stride[d];
      if (++index[d] < shape[d]) break;
      memory -= g->stride[d] * shape[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

static void map_packs(void *arg, int64_t m, int64_t n, char *const *p, const int64_t *rs, const int64_t *cs) {
  const Packed *a = arg;
  _Alignas(64) char buffer[TIDE_MAXOPERANDS][PACK * 8];
  char *q[TIDE_MAXOPERANDS];
  int64_t s[TIDE_MAXOPERANDS];
  (void)n; (void)cs;
  for (int64_t at = 0; at < m; at += a->most) {
    int64_t steps = m - at < a->most ? m - at : a->most;
    for (int k = 0; k < a->nop; k++) {
      const struct Packing *g = &a->of[k];
      char *memory = p[k] + at * rs[k];
      s[k] = g->single ? 0 : g->size;
      q[k] = g->in_order || g->single ? memory : buffer[k];
      if (k > 0 && q[k] == buffer[k] && !(g->still && at > 0)) pack(g, steps, memory, q[k], 0);
    }
    a->loop(steps * a->inner, q, s, a->param);
    if (q[0] == buffer[0]) pack(&a->of[0], steps, p[0] + at * rs[0], q[0], 1);
  }
}

/* The number of the dimension whose steps make packs; -1: the rows are long enough. */
static int packs_from(const tide__Iter *it) {
  int d = it->nd - 1;
  int64_t n = 1;
  if (d < 1 || it->shape[d] > SHORT) return -1;
  for (int k = 1; k < it->nop; k++) {
    int single = it->stride[k][d] == 0;
    for (int i = 0; i < d && single; i++) if (it->stride[k][i] != 0) single = 0;
    if (it->stride[k][d] == 0 && !single && it->shape[d] * it->size[k] > SPREAD) return -1;
  }
  for (; d > 0 && n * it->shape[d] <= PACK / 2; d--) n *= it->shape[d];
  return d;
}

static void map_in_packs(const tide__Iter *it, char *const *data, tide__Loop loop, const double *param, int first) {
  Packed a = {.loop = loop, .param = param, .nop = it->nop, .inner = 1};
  tide__Iter steps = *it;
  for (int d = first + 1; d < it->nd; d++) a.inner *= it->shape[d];
  for (int k = 0; k < it->nop; k++) {
    plan_packing(&a.of[k], it, k, first);
    steps.stride[k][first + 1] = 0;
  }
  a.most = PACK / a.inner;
  steps.nd = first + 2;
  steps.shape[first + 1] = a.inner;              /* (so that pieces are as large as they seem) */
  tide__blocks(&steps, data, a.inner < GRAIN ? GRAIN / a.inner : 1, a.inner, map_packs, &a);
}

void tide__map(const tide__Iter *it, char *const *data, tide__Loop loop, const double *param) {
  Map map = {.loop = loop, .param = param, .nop = it->nop};
  int d = -1, widest = 1, first;
  for (int i = 0; i < it->nd; i++) if (it->shape[i] == 0) return;
  for (int k = 1; k < it->nop && d < 0; k++) d = tide__lies_across(it, k);
  for (int k = 0; k < it->nop; k++) map.size[k] = it->size[k];
  if (d < 0 || it->shape[it->nd - 1] < 8) {
    if ((first = packs_from(it)) >= 0) map_in_packs(it, data, loop, param, first);
    else tide__row_blocks(it, data, map_rows, &map);
    return;
  }
  tide__Iter tiled = *it;
  for (int k = 1, turned = 0; k < it->nop && turned < TURNED; k++) {
    if (it->stride[k][d] != it->size[k] || tide__lies_across(it, k) < 0) continue;
    map.across[k] = (uint8_t)++turned;
    if (it->size[k] > widest) widest = it->size[k];
  }
  tide__bring_in(&tiled, d);
  tide__blocks(&tiled, data, TIDE_TILE_LINE / widest, TIDE_TILE_COLUMNS, map_tile, &map);
}

/* }========================================================= */

#define SERIAL_ADD(C, T, N) \
  static void serial_add_##N(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    for (int64_t i = 0; i < n; i++) *(T *)(p[0] + i * s[0]) = (T)(*(T *)(p[0] + i * s[0]) + *(const T *)(p[2] + i * s[2])); \
  }
TIDE_DTYPES(SERIAL_ADD)
#define SERIAL_ENTRY(C, T, N) serial_add_##N,
tide__Loop tide__serial_add(int dtype) {
  static const tide__Loop loops[TIDE_NDTYPES] = {TIDE_DTYPES(SERIAL_ENTRY)};
  return loops[dtype];
}
