/* The walk of reductions, and the choice of their loops. */
#include "base/threads.h"
#include "kernels/move.h"
#include "kernels/reduce.h"

static const tide__ReduceLevel *level(void) { return AT_LEVEL(&tide__reduce); }

#define PASS  65536                      /* elements that stay in the cache */
#define GRAIN 32768                      /* elements that are worth a piece of their own */
#define TILE  16384                      /* bytes of memory that has been brought into order */
#define PARTS 16                         /* most parts into which the elements of a result are cut, each with accumulators of its own */

static int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

/* Row by row, or run by run? Along the shorter stride of x; but short runs are not worth a call each. */
static int prefers_rows(const tide__Walk *w, int64_t size) {
  const tide__Iter *in = &w->inner, *out = &w->kept;
  if (in->nd == 0) return 1;
  if (out->nd == 0) return 0;
  int64_t run = in->shape[in->nd - 1], row = out->shape[out->nd - 1];
  int64_t run_stride = magnitude(in->stride[0][in->nd - 1]), row_stride = magnitude(out->stride[0][out->nd - 1]);
  if (run_stride < row_stride) return run < 32 && row > run;
  return row >= 4 || (row_stride == size && run_stride == row * size);
}

void tide__walk_init(tide__Walk *w, int nd, const int64_t *shape, uint32_t mask, int nop, const int64_t *const *strides, const size_t *size) {
  int64_t sizes[2][TIDE_MAXDIM], stride[2][TIDE_MAXOPERANDS][TIDE_MAXDIM];
  const int64_t *of[2][TIDE_MAXOPERANDS];
  int n[2] = {0, 0};
  w->count = w->least = 1;
  for (int d = 0; d < nd; d++) {
    int reduced = mask >> d & 1, to = n[reduced]++;
    sizes[reduced][to] = shape[d];
    for (int k = 0; k < nop; k++) stride[reduced][k][to] = strides[k][d];
    if (reduced) w->count *= shape[d];
  }
  for (int i = 0; i < 2; i++) for (int k = 0; k < nop; k++) of[i][k] = stride[i][k];
  tide__iter_init(&w->kept, n[0], sizes[0], nop, of[0], size);
  tide__iter_init(&w->inner, n[1], sizes[1], 1, of[1], size);
  w->by_rows = prefers_rows(w, (int64_t)size[0]);
}

/* Moves on to the next place of the first nd dimensions; 0 after the last. */
static int step(const tide__Iter *it, int nd, int64_t *index, char **p) {
  for (int d = nd - 1; d >= 0; d--) {
    for (int k = 0; k < it->nop; k++) p[k] += it->stride[k][d];
    if (++index[d] < it->shape[d]) return 1;
    for (int k = 0; k < it->nop; k++) p[k] -= it->stride[k][d] * it->shape[d];
    index[d] = 0;
  }
  return 0;
}

/* How many results make a chunk: by runs so many that their elements stay in the cache for a second pass. */
static int64_t chunk_length(const tide__Walk *w) {
  int64_t n = w->by_rows ? TIDE_REDUCE_WIDTH : PASS / (w->count ? w->count : 1);
  return n < w->least ? w->least : n > TIDE_REDUCE_WIDTH ? TIDE_REDUCE_WIDTH : n;
}

typedef struct Chunks { const tide__Walk *w; char *const *data; tide__ChunkFunction f; void *arg; int64_t width, across; } Chunks;

/* The chunks begin .. end - 1, `across` of them along each line of kept elements. */
static void some_chunks(void *arg, int64_t begin, int64_t end) {
  const Chunks *c = arg;
  const tide__Iter *it = &c->w->kept;
  char *p[TIDE_MAXOPERANDS], *q[TIDE_MAXOPERANDS];
  int64_t s[TIDE_MAXOPERANDS] = {0}, index[TIDE_MAXDIM], length = 1, rest = begin / c->across, part = begin % c->across;
  int last = it->nd - 1;
  for (int k = 0; k < it->nop; k++) p[k] = c->data[k];
  for (int d = last - 1; d >= 0; d--) {
    index[d] = rest % it->shape[d];
    rest /= it->shape[d];
    for (int k = 0; k < it->nop; k++) p[k] += index[d] * it->stride[k][d];
  }
  if (last >= 0) {
    length = it->shape[last];
    for (int k = 0; k < it->nop; k++) s[k] = it->stride[k][last];
  }
  for (int64_t i = begin; i < end; i++) {
    int64_t at = part * c->width, n = length - at;
    for (int k = 0; k < it->nop; k++) q[k] = p[k] + at * s[k];
    c->f(c->w, n < c->width ? n : c->width, q, s, c->arg);
    if (++part == c->across) { part = 0; step(it, last, index, p); }
  }
}

static int64_t chunks_of(Chunks *c) {
  const tide__Iter *it = &c->w->kept;
  int64_t n = 1;
  for (int d = 0; d < it->nd - 1; d++) n *= it->shape[d];
  c->across = it->nd ? (it->shape[it->nd - 1] + c->width - 1) / c->width : 1;
  return n * c->across;
}

void tide__walk(const tide__Walk *w, char *const *data, tide__ChunkFunction f, void *arg) {
  Chunks c = {w, data, f, arg, chunk_length(w), 0};
  int64_t n = chunks_of(&c), grain = GRAIN / (c.width * (w->count ? w->count : 1));
  tide__parallel(n, grain ? grain : 1, some_chunks, &c);
}

void tide__walk_in_order(const tide__Walk *w, char *const *data, tide__ChunkFunction f, void *arg) {
  Chunks c = {w, data, f, arg, TIDE_REDUCE_WIDTH, 0};
  int64_t n = chunks_of(&c);
  if (n > 0) some_chunks(&c, 0, n);
}

/* Rows of few columns that lie one behind the other: several rows are taken as one wide row, whose parts are joined at the end. */
static void few_columns(const tide__Reducer *r, int64_t m, int64_t rs, int64_t n, int64_t s, int64_t groups, const char *p, char *acc, const double *aux) {
  double wide[TIDE_REDUCE_WIDTH], also[TIDE_REDUCE_WIDTH];
  char both[2 * 64 * sizeof(double)];
  size_t bytes = (size_t)n * r->size;
  int64_t done = m / groups * groups;
  r->start(groups * n, wide);
  for (int64_t k = 0; aux && k < groups; k++) memcpy(also + k * n, aux, (size_t)n * sizeof *aux);
  r->rows(m / groups, rs * groups, n * groups, s, p, wide, also);
  if (done < m) r->rows(m - done, rs, n, s, p + done * rs, acc, aux);
  r->join(groups, n, wide);
  memcpy(both, acc, bytes);
  memcpy(both + bytes, wide, bytes);
  r->join(2, n, both);
  memcpy(acc, both, bytes);
}

/* Rows whose elements do not lie in order are brought into order, a tile at a time (of whole eights of rows, which sums take together). */
static void rows_out_of_order(const tide__Reducer *r, int64_t size, int64_t m, int64_t rs, int64_t n, int64_t s, const char *p, char *acc, const double *aux) {
  _Alignas(64) char tile[TILE];
  tide__Move move = tide__moves()->move[tide__width((size_t)size)];
  for (int64_t i = 0, width; i < n; i += width) {
    width = n - i < TILE / 64 ? n - i : TILE / 64;
    int64_t most = TILE / (width * size) / 8 * 8;
    for (int64_t k = 0; k < m; k += most) {
      int64_t rows = m - k < most ? m - k : most;
      move(rows, width, tile, width * size, size, p + k * rs + i * s, rs, s);
      r->rows(rows, width * size, width, size, tile, acc + i * r->size, aux ? aux + i : NULL);
    }
  }
}

static void some_rows(const tide__Reducer *r, int64_t size, int64_t m, int64_t rs, int64_t n, int64_t s, const char *p, char *acc, const double *aux) {
  int64_t groups = n < 64 && s == size && rs == n * size ? 256 / n : 1;
  if (groups > 1 && m >= 2 * groups) few_columns(r, m, rs, n, s, groups, p, acc, aux);
  else if (s != size && n >= 8 && m >= 4) rows_out_of_order(r, size, m, rs, n, s, p, acc, aux);
  else r->rows(m, rs, n, s, p, acc, aux);
}

/* Elements of one line of reduced dimensions, m steps long, into n accumulators; long ones in parts that depend on nothing but the sizes. */
typedef struct Parts { const tide__Reducer *r; int64_t size, m, rs, n, s, each; const char *p; char *acc; const double *aux; int by_rows; } Parts;

static void some_parts(void *arg, int64_t begin, int64_t end) {
  const Parts *t = arg;
  for (int64_t i = begin; i < end; i++) {
    int64_t at = i * t->each, m = t->m - at < t->each ? t->m - at : t->each;
    char *acc = t->acc + i * t->n * t->r->size;
    t->r->start(t->n, acc);
    if (t->by_rows) some_rows(t->r, t->size, m, t->rs, t->n, t->s, t->p + at * t->rs, acc, t->aux);
    else t->r->fold(m, t->p + at * t->rs, t->rs, acc, t->aux);
  }
}

static void in_parts(Parts *t, int64_t count) {
  double parts[(PARTS + 1) * TIDE_REDUCE_WIDTH / 2];
  char *acc = t->acc;
  size_t bytes = (size_t)t->n * t->r->size;
  t->each = (t->m + count - 1) / count;
  t->each += 4095 - (t->each - 1) % 4096 > t->each / 8 ? 0 : 4095 - (t->each - 1) % 4096;       /* whole blocks of a sum */
  count = (t->m + t->each - 1) / t->each;
  memcpy(parts, acc, bytes);
  t->acc = (char *)parts + bytes;
  tide__parallel(count, 1, some_parts, t);
  t->r->join(count + 1, t->n, parts);
  memcpy(acc, parts, bytes);
}

/* How many parts; 1: it is not worth cutting. */
static int64_t parts_of(int64_t m, int64_t n) {
  int64_t count = m * n / PASS;
  return n > TIDE_REDUCE_WIDTH / 2 || count < 2 ? 1 : count < PARTS ? count : PARTS;
}

static void by_rows(const tide__Walk *w, const tide__Reducer *r, int64_t size, int64_t n, const char *p, int64_t s, char *acc, const double *aux) {
  const tide__Iter *it = &w->inner;
  int64_t index[TIDE_MAXDIM] = {0}, m = 1, rs = 0;
  int last = it->nd - 1;
  char *q = (char *)(uintptr_t)p;
  if (last >= 0) { m = it->shape[last]; rs = it->stride[0][last]; }
  int64_t count = parts_of(m, n);
  if (last == 0 && count > 1) { in_parts(&(Parts){r, size, m, rs, n, s, 0, p, acc, aux, 1}, count); return; }
  do some_rows(r, size, m, rs, n, s, q, acc, aux); while (step(it, last, index, &q));
}

/* One result over a nest of runs: the runs are the rows of as many accumulators as a run has elements, joined at the end. */
static void by_wide_runs(const tide__Walk *w, const tide__Reducer *r, const char *p, char *acc, const double *aux) {
  double wide[TIDE_REDUCE_WIDTH + 1], also[TIDE_REDUCE_WIDTH];
  const tide__Iter *it = &w->inner;
  int64_t index[TIDE_MAXDIM] = {0};
  int last = it->nd - 1;
  int64_t run = it->shape[last];
  char *q = (char *)(uintptr_t)p, *own = (char *)wide + r->size;
  for (int64_t k = 0; aux && k < run; k++) also[k] = *aux;
  memcpy(wide, acc, r->size);
  r->start(run, own);
  do r->rows(it->shape[last - 1], it->stride[0][last - 1], run, it->stride[0][last], q, own, also); while (step(it, last - 1, index, &q));
  r->join(run + 1, 1, wide);
  memcpy(acc, wide, r->size);
}

/* Short runs that lie in order are turned, a tile of many runs at a time, and are then rows. */
#define SHORT     63                     /* elements of a run that is short */
#define TURNED    64                     /* results of a tile */

static int is_short(const tide__Walk *w, int64_t size, int64_t n, int64_t s) {
  const tide__Iter *it = &w->inner;
  int last = it->nd - 1;
  return last >= 0 && n >= 8 && s != size && it->stride[0][last] == size && it->shape[last] <= SHORT;
}

static void by_turned_runs(const tide__Walk *w, const tide__Reducer *r, int64_t size, int64_t n, const char *p, int64_t s, char *acc, const double *aux) {
  _Alignas(64) char tile[TILE];
  const tide__Iter *it = &w->inner;
  tide__Transpose turn = tide__moves()->transpose[tide__width((size_t)size)];
  int last = it->nd - 1;
  int64_t run = it->shape[last], most = TILE / (TURNED * size);
  for (int64_t i = 0, width; i < n; i += width) {
    int64_t index[TIDE_MAXDIM] = {0};
    char *q = (char *)(uintptr_t)p + i * s;
    width = n - i < TURNED ? n - i : TURNED;
    do
      for (int64_t k = 0; k < run; k += most) {
        int64_t m = run - k < most ? run - k : most;
        turn(m, width, tile, width * size, q + k * size, s);
        r->rows(m, width * size, width, size, tile, acc + i * r->size, aux ? aux + i : NULL);
      }
    while (step(it, last, index, &q));
  }
}

static void by_runs(const tide__Walk *w, const tide__Reducer *r, int64_t n, const char *p, int64_t s, char *acc, const double *aux) {
  const tide__Iter *it = &w->inner;
  int last = it->nd - 1;
  int64_t run = it->shape[last], stride = it->stride[0][last], runs = last ? it->shape[last - 1] : 1, next = last ? it->stride[0][last - 1] : 0;
  int64_t count = last ? 1 : parts_of(run, 1);
  int wide = runs >= 8 && run >= 8 && run <= TIDE_REDUCE_WIDTH / 2;
  for (int64_t i = 0; i < n; i++, p += s, acc += r->size, aux += aux ? 1 : 0) {
    char *q = (char *)(uintptr_t)p;
    if (count > 1) { in_parts(&(Parts){r, 0, run, stride, 1, 0, 0, p, acc, aux, 0}, count); continue; }
    if (wide) { by_wide_runs(w, r, p, acc, aux); continue; }
    if (last < 2) { for (int64_t k = 0; k < runs; k++) r->fold(run, q + k * next, stride, acc, aux); continue; }
    int64_t index[TIDE_MAXDIM] = {0};
    do for (int64_t k = 0; k < runs; k++) r->fold(run, q + k * next, stride, acc, aux); while (step(it, last - 1, index, &q));
  }
}

void tide__reduce(const tide__Walk *w, int reduction, int dtype, int64_t n, const char *p, int64_t s, void *acc, const double *aux) {
  const tide__Reducer *r = &level()->reducer[reduction][dtype];
  if (!r->start) r = &tide__reduce_base.reducer[reduction][dtype];
  r->start(n, acc);
  if (w->count == 0) return;
  int64_t size = (int64_t)tide__size[dtype];
  if (is_short(w, size, n, s) && !(w->inner.nd > 1 && w->inner.shape[w->inner.nd - 2] >= 8)) by_turned_runs(w, r, size, n, p, s, acc, aux);
  else if (w->by_rows) by_rows(w, r, size, n, p, s, acc, aux);
  else by_runs(w, r, n, p, s, acc, aux);
}

int64_t tide__place_of(int minimum, int dtype, int64_t n, const char *p, int64_t s) {
  const tide__Finder *f = &level()->finder[minimum][dtype];
  int64_t value, index;
  if (!f->line) f = &tide__reduce_base.finder[minimum][dtype];
  f->line(n, p, s, &value, &index);
  return index;
}

void tide__find(const tide__Walk *w, int minimum, int dtype, int64_t n, const char *p, int64_t s, void *value, int64_t *index) {
  const tide__Finder *f = &level()->finder[minimum][dtype];
  if (!f->line) f = &tide__reduce_base.finder[minimum][dtype];
  const tide__Iter *it = &w->inner;
  int64_t m = it->nd ? it->shape[0] : 1, rs = it->nd ? it->stride[0][0] : 0;
  if (w->by_rows) { f->lines(m, rs, n, s, p, value, index); return; }
  for (int64_t i = 0; i < n; i++) f->line(m, p + i * s, rs, (char *)value + i * (int64_t)tide__size[dtype], index + i);
}
