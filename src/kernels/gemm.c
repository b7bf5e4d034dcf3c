/*
** Products of matrices, and of lists of them. Float products go to loops of our own (gemm_loops.h) at every size and layout, but where the processor
** has neither AVX2 nor AVX-512: there the larger ones go to BLAS, if there is one.
**
** The elements of C are cut into pieces for the threads to claim. A piece needs memory for copies of parts of A and B; there is one for each thread that
** can be at work, and a piece takes whichever is free.
**
** OpenBLAS has one number of threads for the whole process. While products of ours are under way it is 1, since the pieces are on
** our threads already; then the host's number is put back. A host that changes it meanwhile, in another thread, loses that change.
*/
#include <limits.h>
#include <pthread.h>

#include "base/threads.h"
#include "kernels/gemm.h"
#include "tide.h"

#if !defined(TIDE_BLAS_NONE)
#include <cblas.h>
#endif

#define ON_STACK 16384                   /* bytes */
#define FEW      4                       /* columns that are cheaper as dot products than as a tile */
#define GRAIN    (1 << 18)               /* multiplications that pay for waking another thread */

#define LEAST(a, b) ((a) < (b) ? (a) : (b))

static const tide__GemmTable *table(void) { return AT_LEVEL(&tide__gemm); }


/* {======================== integers ======================== */

#define INTEGER(T, N) \
  static void product_##N(const tide__Part *g) { \
    const T scale = (T)(int64_t)g->alpha, keep = (T)(int64_t)g->beta; \
    for (int64_t i = 0; i < g->m; i++) { \
      T *c = (T *)g->c + i * g->c_row; \
      const T *from = (const T *)g->x.data + i * g->x.row; \
      for (int64_t j = 0; j < g->n; j++) c[j] = g->beta == 0 ? 0 : (T)(keep * from[j * g->x.col]); \
      for (int64_t p = 0; p < g->k; p++) { \
        const T *y = (const T *)g->b.data + p * g->b.row, x = (T)(scale * ((const T *)g->a.data)[i * g->a.row + p * g->a.col]); \
        if (g->b.col == 1) for (int64_t j = 0; j < g->n; j++) c[j] = (T)(c[j] + x * y[j]); \
        else for (int64_t j = 0; j < g->n; j++) c[j] = (T)(c[j] + x * y[j * g->b.col]); \
      } \
    } \
  }
INTEGER(int64_t, int64)
INTEGER(int32_t, int32)
INTEGER(int16_t, int16)
INTEGER(int8_t, int8)
INTEGER(uint8_t, uint8)

/* Is there a p for which both hold? */
static void product_bool(const tide__Part *g) {
  for (int64_t i = 0; i < g->m; i++) {
    uint8_t *c = (uint8_t *)g->c + i * g->c_row;
    const uint8_t *x = (const uint8_t *)g->x.data + i * g->x.row;
    for (int64_t j = 0; j < g->n; j++) c[j] = g->beta != 0 && x[j * g->x.col];
    for (int64_t p = 0; p < g->k && g->alpha != 0; p++) {
      const uint8_t *y = (const uint8_t *)g->b.data + p * g->b.row;
      if (((const uint8_t *)g->a.data)[i * g->a.row + p * g->a.col]) for (int64_t j = 0; j < g->n; j++) c[j] |= y[j * g->b.col];
    }
  }
}

static void integers(int dtype, const tide__Part *g) {
  switch (dtype) {
    case TIDE_INT64: product_int64(g); break;
    case TIDE_INT32: product_int32(g); break;
    case TIDE_INT16: product_int16(g); break;
    case TIDE_INT8: product_int8(g); break;
    case TIDE_UINT8: product_uint8(g); break;
    case TIDE_BOOL: product_bool(g); break;
  }
}

/* }========================================================= */


/* {======================== BLAS ======================== */

#if defined(TIDE_BLAS_NONE)

static int suits_blas(const tide__Part *g) { (void)g; return 0; }
static size_t blas_room(int dtype, const tide__Part *g) { (void)dtype; (void)g; return 0; }
static void blas(int dtype, const tide__Part *g, char *scratch) { (void)dtype; (void)g; (void)scratch; }
static void blas_begin(void) { }
static void blas_end(void) { }

#else

#define FOR_BLAS 4096                    /* multiplications from which it is faster than our loops of 16 bytes */

static int suits_blas(const tide__Part *g) {
  return table() == &tide__gemm_base && g->m > 1 && g->n > 1 && g->k > 1 && (double)g->m * (double)g->n * (double)g->k > FOR_BLAS
    && g->m <= INT_MAX && g->n <= INT_MAX && g->k <= INT_MAX && g->c_col == 1 && g->c_row <= INT_MAX;
}

/* Does BLAS read it in place? (Rows that overlap or repeat do not count as a matrix there.) */
static int in_place(int64_t rows, int64_t cols, tide__Matrix x) {
  return (x.col == 1 && x.row >= cols && x.row <= INT_MAX) || (x.row == 1 && x.col >= rows && x.col <= INT_MAX);
}

/* A copy with unit column stride in `to`. */
static tide__Matrix packed(int dtype, int64_t rows, int64_t cols, tide__Matrix x, void *to, int64_t ld) {
  const int64_t shape[2] = {rows, cols}, from[2] = {x.row, x.col}, dense[2] = {ld, 1};
  tide__copy(2, shape, dtype, to, dense, dtype, x.data, from);
  return (tide__Matrix){to, ld, 1};
}

static size_t blas_room(int dtype, const tide__Part *g) {
  return ((in_place(g->m, g->k, g->a) ? 0 : (size_t)(g->m * g->k)) + (in_place(g->k, g->n, g->b) ? 0 : (size_t)(g->k * g->n))) * tide__size[dtype];
}

static void blas(int dtype, const tide__Part *g, char *scratch) {
  tide__Matrix a = g->a, b = g->b;
  int m = (int)g->m, n = (int)g->n, k = (int)g->k, ldc = (int)g->c_row;
  if (!in_place(m, k, a)) {
    a = packed(dtype, m, k, a, scratch, k);
    scratch += (size_t)(g->m * g->k) * tide__size[dtype];
  }
  if (!in_place(k, n, b)) b = packed(dtype, k, n, b, scratch, n);
  if (g->beta != 0 && g->x.data != g->c) packed(dtype, m, n, g->x, g->c, ldc);
  int a_rows = a.col == 1 && a.row >= k, b_rows = b.col == 1 && b.row >= n;
  int lda = (int)(a_rows ? a.row : a.col), ldb = (int)(b_rows ? b.row : b.col);
  enum CBLAS_TRANSPOSE ta = a_rows ? CblasNoTrans : CblasTrans, tb = b_rows ? CblasNoTrans : CblasTrans;
  if (dtype == TIDE_FLOAT32) cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, (float)g->alpha, a.data, lda, b.data, ldb, (float)g->beta, g->c, ldc);
  else cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, g->alpha, a.data, lda, b.data, ldb, g->beta, g->c, ldc);
}

static pthread_mutex_t blas_lock = PTHREAD_MUTEX_INITIALIZER;
static int blas_users, blas_threads;     /* products under way; the host's number of threads */

static void blas_begin(void) {
  pthread_mutex_lock(&blas_lock);
  if (blas_users++ == 0 && (blas_threads = openblas_get_num_threads()) > 1) openblas_set_num_threads(1);
  pthread_mutex_unlock(&blas_lock);
}
static void blas_end(void) {
  pthread_mutex_lock(&blas_lock);
  if (--blas_users == 0 && blas_threads > 1) openblas_set_num_threads(blas_threads);
  pthread_mutex_unlock(&blas_lock);
}

#endif

/* }========================================================= */


/* {======================== the way ======================== */

enum { INTEGERS, BLAS, TILES, DOTS, SUMS };

/* The same product the other way round: C^T = alpha B^T A^T + beta X^T. */
static tide__Matrix turned(tide__Matrix x) { return (tide__Matrix){x.data, x.col, x.row}; }
static void turn(tide__Part *g) {
  *g = (tide__Part){g->n, g->m, g->k, g->alpha, g->beta, turned(g->b), turned(g->a), turned(g->x), g->c, g->c_col, g->c_row};
}

/* How to multiply g, and whether to turn it first. */
static int choose(int dtype, const tide__Part *g, int *turns) {
  int64_t few = g->k < 64 ? 1 : FEW;
  *turns = 0;
  if (!tide__is_float(dtype)) return INTEGERS;
  if (g->n <= few && g->a.col == 1) return DOTS;
  if (g->m <= few && g->b.row == 1) { *turns = 1; return DOTS; }
  if (g->m == 1 && g->b.col == 1) return SUMS;
  if (g->n == 1 && g->a.row == 1) { *turns = 1; return SUMS; }
  if (suits_blas(g)) return BLAS;
  *turns = g->n <= FEW && g->m > g->n && g->a.row == 1;
  return TILES;
}

static size_t room_of(int dtype, int way, const tide__Part *g) {
  return way == TILES ? (*table())[dtype].tiles_room(g) : way == DOTS ? (*table())[dtype].dots_room(g) : way == BLAS ? blas_room(dtype, g) : 0;
}

static void multiply(int dtype, int way, const tide__Part *g, void *scratch) {
  switch (way) {
    case INTEGERS: integers(dtype, g); break;
    case BLAS: blas(dtype, g, scratch); break;
    case TILES: (*table())[dtype].tiles(g, scratch); break;
    case DOTS: (*table())[dtype].dots(g, scratch); break;
    case SUMS: (*table())[dtype].sums(g); break;
  }
}

/* }========================================================= */


/* {======================== pieces ======================== */

static int64_t pieces_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

static tide__Part first_matrix(const tide__Products *p) {
  tide__Part g = {p->m, p->n, p->k, p->k ? p->alpha : 0, p->beta, p->a, p->b, p->x, p->c, p->n, 1};
  return g;
}

/* Halves what is larger of g, in whole tiles, while there are less than `wanted` pieces and they are worth it. */
static void cut(tide__Products *p, const tide__Part *g, int64_t wanted) {
  int64_t row = 4, column = 64;
  if (p->way == TILES) { row = (*table())[p->dtype].rows; column = (*table())[p->dtype].columns; }
  p->rows = g->m;
  p->columns = g->n;
  p->down = p->across = 1;
  while (p->down * p->across < wanted && (double)p->rows * (double)p->columns * (double)g->k >= 2.0 * GRAIN) {
    int by_rows = p->rows > row && (p->rows >= p->columns || p->columns <= column);
    if (!by_rows && p->columns <= column) break;
    if (by_rows) p->rows = pieces_of(pieces_of(p->rows, row), 2) * row;
    else p->columns = pieces_of(pieces_of(p->columns, column), 2) * column;
    p->down = pieces_of(g->m, p->rows);
    p->across = pieces_of(g->n, p->columns);
  }
}

/* What the most demanding piece wants: it may be one at the end, which is smaller. */
static size_t room_of_pieces(const tide__Products *p, const tide__Part *whole) {
  size_t most = 0;
  for (int last = 0; last < (p->down * p->across > 1 ? 4 : 1); last++) {
    tide__Part g = *whole;
    g.m = last & 1 ? g.m - (p->down - 1) * p->rows : p->rows;
    g.n = last & 2 ? g.n - (p->across - 1) * p->columns : p->columns;
    size_t room = room_of(p->dtype, p->way, &g);
    if (room > most) most = room;
  }
  return most;
}

size_t tide__products_scratch(tide__Products *p) {
  tide__Part g = first_matrix(p);
  int threads = tide_get_num_threads(), turns;
  p->way = (uint8_t)choose(p->dtype, &g, &turns);
  p->turns = (uint8_t)turns;
  if (turns) turn(&g);
  p->matrices = 1;
  for (int d = 0; d < p->nd; d++) p->matrices *= p->shape[d];
  int64_t wanted = p->way == BLAS ? 16 : threads > 1 ? 4 * threads : 1;          /* (what BLAS makes of a part may depend on its size) */
  cut(p, &g, p->matrices > 1 ? pieces_of(wanted, p->matrices) : wanted);
  p->room = room_of_pieces(p, &g);
  if (p->room <= ON_STACK) return 0;
  p->room = (p->room + 63) & ~(size_t)63;
  p->places = (int)LEAST(p->matrices * p->down * p->across, threads);
  return (size_t)p->places * p->room + 63;
}

/* Where matrix i of an operand starts. */
static const void *nth(const tide__Products *p, const void *data, const int64_t *step, int64_t i) {
  int64_t at = 0;
  for (int d = p->nd - 1; d > 0; i /= p->shape[d--]) at += i % p->shape[d] * step[d];
  if (p->nd) at += i * step[0];
  return (const char *)data + at * (int64_t)tide__size[p->dtype];
}

/* Piece i of all. */
static tide__Part piece(const tide__Products *p, int64_t i) {
  tide__Part g = first_matrix(p);
  int64_t each = p->down * p->across, w = (int64_t)tide__size[p->dtype];
  if (p->nd) {
    int64_t at = each == 1 ? i : i / each;
    g.a.data = nth(p, g.a.data, p->a_step, at);
    g.b.data = nth(p, g.b.data, p->b_step, at);
    if (g.beta != 0) g.x.data = nth(p, g.x.data, p->x_step, at);
    g.c = (char *)g.c + at * g.m * g.n * w;
  }
  if (p->turns) turn(&g);
  if (each > 1) {
    int64_t row = i % each / p->across * p->rows, column = i % each % p->across * p->columns;
    g.a.data = (const char *)g.a.data + row * g.a.row * w;
    g.b.data = (const char *)g.b.data + column * g.b.col * w;
    g.x.data = (const char *)g.x.data + (row * g.x.row + column * g.x.col) * w;
    g.c = (char *)g.c + (row * g.c_row + column * g.c_col) * w;
    g.m = LEAST(p->rows, g.m - row);
    g.n = LEAST(p->columns, g.n - column);
  }
  return g;
}

typedef struct Job {
  const tide__Products *p;
  char *scratch;
  uint64_t free;                         /* bit i: nobody uses the i-th part of scratch */
} Job;

/* A part of the scratch memory for as long as one is at work. */
static int take(Job *j) {
  uint64_t bits = __atomic_load_n(&j->free, __ATOMIC_SEQ_CST);
  while (!bits || !__atomic_compare_exchange_n(&j->free, &bits, bits & (bits - 1), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    if (!bits) bits = __atomic_load_n(&j->free, __ATOMIC_SEQ_CST);
  return __builtin_ctzll(bits);
}
static void give_back(Job *j, int i) { __atomic_or_fetch(&j->free, UINT64_C(1) << i, __ATOMIC_SEQ_CST); }

static void run(void *arg, int64_t begin, int64_t end) {
  Job *j = arg;
  _Alignas(64) char here[ON_STACK];
  int place = j->scratch ? take(j) : -1;
  char *scratch = place >= 0 ? j->scratch + (size_t)place * j->p->room : here;
  for (int64_t i = begin; i < end; i++) {
    tide__Part g = piece(j->p, i);
    multiply(j->p->dtype, j->p->way, &g, scratch);
  }
  if (place >= 0) give_back(j, place);
}

/* }========================================================= */


void tide__products(const tide__Products *p, void *scratch) {
  int64_t pieces = p->matrices * p->down * p->across;
  double work = (double)p->rows * (double)p->columns * (double)(p->k + 1);
  Job j = {p, NULL, 0};
  if (p->m == 0 || p->n == 0) return;
  if (scratch) j = (Job){p, (char *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63), UINT64_MAX >> (64 - p->places)};
  if (p->way == BLAS) blas_begin();
  if (pieces == 1) run(&j, 0, 1);
  else tide__parallel(pieces, work < GRAIN ? (int64_t)(GRAIN / work) + 1 : 1, run, &j);
  if (p->way == BLAS) blas_end();
}
