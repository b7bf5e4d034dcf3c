/* The walk of reductions, and the choice of their loops. */
#include "kernels/reduce.h"

static const tide__ReduceLevel *level(void) {
#if defined(TIDE_X86)
  static const tide__ReduceLevel *chosen;
  const tide__ReduceLevel *l = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
  if (__builtin_expect(!l, 0)) {
    const char *isa = tide__isa();
    l = !strcmp(isa, "avx512") ? &tide__reduce_avx512 : !strcmp(isa, "avx2") ? &tide__reduce_avx2 : &tide__reduce_base;
    __atomic_store_n(&chosen, l, __ATOMIC_RELAXED);
  }
  return l;
#else
  return &tide__reduce_base;
#endif
}

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
  w->count = 1;
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

void tide__walk(const tide__Walk *w, char *const *data, tide__ChunkFunction f, void *arg) {
  const tide__Iter *it = &w->kept;
  char *p[TIDE_MAXOPERANDS];
  int64_t s[TIDE_MAXOPERANDS] = {0}, index[TIDE_MAXDIM] = {0}, length = 1;
  int last = it->nd - 1;
  for (int d = 0; d <= last; d++) if (it->shape[d] == 0) return;
  for (int k = 0; k < it->nop; k++) p[k] = data[k];
  if (last >= 0) {
    length = it->shape[last];
    for (int k = 0; k < it->nop; k++) s[k] = it->stride[k][last];
  }
  do {
    for (int64_t at = 0; at < length; at += TIDE_REDUCE_WIDTH) {
      char *q[TIDE_MAXOPERANDS];
      for (int k = 0; k < it->nop; k++) q[k] = p[k] + at * s[k];
      f(w, length - at < TIDE_REDUCE_WIDTH ? length - at : TIDE_REDUCE_WIDTH, q, s, arg);
    }
  } while (step(it, last, index, p));
}

/* Rows of few columns that lie one behind the other: several rows are taken as one wide row, whose parts are joined at the end. */
typedef struct Wide { int64_t groups; double acc[TIDE_REDUCE_WIDTH], aux[TIDE_REDUCE_WIDTH]; } Wide;

static void widen(Wide *wide, const tide__Reducer *r, int64_t groups, int64_t n, const double *aux) {
  wide->groups = groups;
  r->start(groups * n, wide->acc);
  for (int64_t k = 0; aux && k < groups; k++) memcpy(wide->aux + k * n, aux, (size_t)n * sizeof *aux);
}

static void by_rows(const tide__Walk *w, const tide__Reducer *r, int64_t size, int64_t n, const char *p, int64_t s, char *acc, const double *aux) {
  const tide__Iter *it = &w->inner;
  int64_t index[TIDE_MAXDIM] = {0}, m = 1, rs = 0;
  int last = it->nd - 1;
  char *q = (char *)(uintptr_t)p;
  Wide wide;
  if (last >= 0) { m = it->shape[last]; rs = it->stride[0][last]; }
  int64_t groups = n < 64 && s == size && rs == n * size ? 256 / n : 1;
  if (groups > 1 && m >= 2 * groups) widen(&wide, r, groups, n, aux);
  else groups = 1;
  do {
    int64_t done = 0;
    if (groups > 1) {
      r->rows(m / groups, rs * groups, n * groups, s, q, wide.acc, wide.aux);
      done = m / groups * groups;
    }
    if (done < m) r->rows(m - done, rs, n, s, q + done * rs, acc, aux);
  } while (step(it, last, index, &q));
  if (groups > 1) {
    char both[2 * 64 * sizeof(double)];
    size_t bytes = (size_t)n * r->size;
    r->join(groups, n, wide.acc);
    memcpy(both, acc, bytes);
    memcpy(both + bytes, wide.acc, bytes);
    r->join(2, n, both);
    memcpy(acc, both, bytes);
  }
}

static void by_runs(const tide__Walk *w, const tide__Reducer *r, int64_t n, const char *p, int64_t s, char *acc, const double *aux) {
  const tide__Iter *it = &w->inner;
  int last = it->nd - 1;
  int64_t run = it->shape[last], stride = it->stride[0][last], runs = last ? it->shape[last - 1] : 1, next = last ? it->stride[0][last - 1] : 0;
  for (int64_t i = 0; i < n; i++, p += s, acc += r->size, aux += aux ? 1 : 0) {
    char *q = (char *)(uintptr_t)p;
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
  if (w->by_rows) by_rows(w, r, tide__size[dtype], n, p, s, acc, aux);
  else by_runs(w, r, n, p, s, acc, aux);
}

void tide__find(const tide__Walk *w, int minimum, int dtype, int64_t n, const char *p, int64_t s, void *value, int64_t *index) {
  const tide__Finder *f = &level()->finder[minimum][dtype];
  if (!f->line) f = &tide__reduce_base.finder[minimum][dtype];
  const tide__Iter *it = &w->inner;
  int64_t m = it->nd ? it->shape[0] : 1, rs = it->nd ? it->stride[0][0] : 0;
  if (w->by_rows) { f->lines(m, rs, n, s, p, value, index); return; }
  for (int64_t i = 0; i < n; i++) f->line(m, p + i * s, rs, (char *)value + i * (int64_t)tide__size[dtype], index + i);
}
