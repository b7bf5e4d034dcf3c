/* Creation: tensors filled by a rule. */
#include <math.h>

#include "kernels/range.h"
#include "ops/op.h"


/* {======================== one value ======================== */

static int fill(tide_Tensor *t, double v, int64_t i) {
  union { char bytes[8]; double align; } value;
  if (tide__is_float(t->dtype) || t->dtype == TIDE_BOOL) tide__write(t->dtype, value.bytes, v);
  else tide__write_integer(t->dtype, value.bytes, i);
  tide__fill(t->ndim, t->shape, t->dtype, t->data, tide__strides(t), value.bytes);
  return 1;
}

static int fill_number(tide_Call *k, const tide_Tensor *x) {
  tide_Tensor *o = k->out[0];
  if (!tide__holds(o->dtype, x)) return FAIL(k, TIDE_EVALUE, "%s cannot hold %g", tide_dtype_name(o->dtype), tide__read(x->dtype, x->data));
  return fill(o, tide__read(x->dtype, x->data), tide__read_integer(x->dtype, x->data));
}

static int sized(tide_Call *k, int64_t dtype) {
  return tide__result(k, 0, dtype < 0 ? k->c->mode.default_dtype : (int)dtype, k->v[1].n, k->v[1].ints);
}
static int like(tide_Call *k, int64_t dtype) { return tide__result_like(k, 0, dtype < 0 ? k->in[0]->dtype : (int)dtype, k->in[0]); }
static int new_of(tide_Call *k, int64_t dtype) { return tide__result(k, 0, dtype < 0 ? k->in[0]->dtype : (int)dtype, k->v[1].n, k->v[1].ints); }
static int clear(tide_Call *k) { if (k->out[0]->n) memset(k->out[0]->data, 0, k->out[0]->bytes); return 1; }
static int ones(tide_Call *k) { return fill(k->out[0], 1, 1); }

static int empty_infer(tide_Call *k) { return sized(k, k->v[2].i); }
static int zeros_infer(tide_Call *k) { return sized(k, k->v[2].i) && clear(k); }
static int ones_infer(tide_Call *k) { return sized(k, k->v[2].i) && ones(k); }
static int full_infer(tide_Call *k) {
  tide_Tensor *x = k->v[2].t;
  int dtype = k->v[3].i >= 0 ? (int)k->v[3].i : x->dtype == TIDE_FLOAT64 ? k->c->mode.default_dtype : x->dtype;
  return sized(k, dtype) && fill_number(k, x);
}
static int empty_like_infer(tide_Call *k) { return like(k, k->v[1].i); }
static int zeros_like_infer(tide_Call *k) { return like(k, k->v[1].i) && clear(k); }
static int ones_like_infer(tide_Call *k) { return like(k, k->v[1].i) && ones(k); }
static int full_like_infer(tide_Call *k) { return like(k, k->v[2].i) && fill_number(k, k->v[1].t); }
static int new_empty_infer(tide_Call *k) { return new_of(k, k->v[2].i); }
static int new_zeros_infer(tide_Call *k) { return new_of(k, k->v[2].i) && clear(k); }
static int new_ones_infer(tide_Call *k) { return new_of(k, k->v[2].i) && ones(k); }
static int new_full_infer(tide_Call *k) { return new_of(k, k->v[3].i) && fill_number(k, k->v[2].t); }

/* }========================================================= */


/* {======================== ranges ======================== */

typedef struct Range { double start, end, step; int64_t whole_start, whole_end, whole_step; int is_whole; } Range;

static void put_bound(Range *r, const tide_Tensor *x, double *v, int64_t *i) {
  *v = tide__read(x->dtype, x->data);
  *i = tide__read_integer(x->dtype, x->data);
  r->is_whole &= !tide__is_float(x->dtype);
}

static Range range_of(const tide_Value *start, const tide_Value *end, const tide_Value *step) {
  Range r = {.step = 1, .whole_step = 1, .is_whole = 1};
  if (start) put_bound(&r, start->t, &r.start, &r.whole_start);
  put_bound(&r, end->t, &r.end, &r.whole_end);
  if (step) put_bound(&r, step->t, &r.step, &r.whole_step);
  return r;
}

/* The number of elements as PyTorch counts them: in whole numbers for int64, else in doubles. */
static int range_infer(tide_Call *k, Range r, int64_t wanted) {
  int dtype = wanted >= 0 ? (int)wanted : r.is_whole ? TIDE_INT64 : k->c->mode.default_dtype;
  int whole = dtype == TIDE_INT64;
  if (dtype == TIDE_BOOL) return FAIL(k, TIDE_EDTYPE, "bool has no ranges");
  if (whole ? r.whole_step == 0 : r.step == 0) return FAIL(k, TIDE_EARG, "step is 0");
  if (!isfinite(r.start) || !isfinite(r.end) || !isfinite(r.step)) return FAIL(k, TIDE_EARG, "the range from %g to %g by %g is not finite", r.start, r.end, r.step);
  int up = whole ? r.whole_step > 0 : r.step > 0;
  if (whole ? (up ? r.whole_end < r.whole_start : r.whole_end > r.whole_start) : (up ? r.end < r.start : r.end > r.start))
    return FAIL(k, TIDE_EARG, "step %g leads away from the end: from %g to %g", r.step, r.start, r.end);
  double n = ceil((r.end - r.start) / r.step);
  if (whole) {
    __int128 span = (__int128)r.whole_end - r.whole_start, step = r.whole_step;
    n = (double)((span + step - (up ? 1 : -1)) / step);
  }
  if (!(n >= 0 && n <= 0x1p53)) return FAIL(k, TIDE_NOMEM, "out of memory: the range from %g to %g by %g is too long", r.start, r.end, r.step);
  return tide__result(k, 0, dtype, 1, (int64_t[]){(int64_t)n});
}

static int range_run(tide_Call *k, Range r) {
  tide_Tensor *o = k->out[0];
  tide__Range range = {.n = o->n, .start = r.start, .step = r.step, .first = r.whole_start, .by = r.whole_step, .to = o->data};
  if (o->dtype == TIDE_FLOAT32 || o->dtype == TIDE_FLOAT64 || o->dtype == TIDE_INT64) tide__range(o->dtype, &range);
  else for (int64_t i = 0; i < o->n; i++) tide__write_integer(o->dtype, o->data + i * tide__size[o->dtype], r.whole_start + i * r.whole_step);
  return 1;
}

#define UPTO (range_of(NULL, &k->v[1], NULL))
#define FROM (range_of(&k->v[1], &k->v[2], NULL))
#define STEP (range_of(&k->v[1], &k->v[2], &k->v[3]))
static int arange_infer(tide_Call *k) { return range_infer(k, UPTO, k->v[2].i); }
static int arange_run(tide_Call *k) { return range_run(k, UPTO); }
static int arange_from_infer(tide_Call *k) { return range_infer(k, FROM, k->v[3].i); }
static int arange_from_run(tide_Call *k) { return range_run(k, FROM); }
static int arange_step_infer(tide_Call *k) { return range_infer(k, STEP, k->v[4].i); }
static int arange_step_run(tide_Call *k) { return range_run(k, STEP); }

static int spaced(tide_Call *k, int64_t dtype) {
  if (k->v[3].i < 0) return FAIL(k, TIDE_EARG, "the number of steps, %lld, is negative", (long long)k->v[3].i);
  if (dtype == TIDE_BOOL) return FAIL(k, TIDE_EDTYPE, "bool has no ranges");
  return tide__result(k, 0, dtype < 0 ? k->c->mode.default_dtype : (int)dtype, 1, &k->v[3].i);
}
static int linspace_infer(tide_Call *k) { return spaced(k, k->v[4].i); }
static int logspace_infer(tide_Call *k) { return spaced(k, k->v[5].i); }

/* Integers are made in doubles, then cut. */
static int linspace_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  int64_t n = o->n, half = n / 2;
  double start = k->v[1].d, end = k->v[2].d;
  if (tide__is_float(o->dtype)) { tide__spaced(o->dtype, &(tide__Range){.n = n, .start = start, .end = end, .to = o->data}); return 1; }
  start = trunc(start);
  end = trunc(end);
  double step = (end - start) / (double)(n - 1);
  for (int64_t i = 0; i < n; i++)
    tide__write(o->dtype, o->data + i * tide__size[o->dtype], n == 1 ? start : i < half ? fma(step, (double)i, start) : fma(-step, (double)(n - i - 1), end));
  return 1;
}
static int logspace_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  int64_t n = o->n, half = n / 2;
  double start = k->v[1].d, end = k->v[2].d, base = k->v[4].d;
  if (o->dtype == TIDE_FLOAT32) { start = (float)start; end = (float)end; }
  if (!tide__is_float(o->dtype)) { start = trunc(start); end = trunc(end); }
  double step = (o->dtype == TIDE_FLOAT32 ? (float)(end - start) : end - start) / (double)(n - 1);
  for (int64_t i = 0; i < n; i++)
    tide__write(o->dtype, o->data + i * tide__size[o->dtype], pow(base, n == 1 ? start : i < half ? start + step * (double)i : end - step * (double)(n - i - 1)));
  return 1;
}

/* }========================================================= */


/* {======================== matrices ======================== */

static int square(tide_Call *k, int64_t n, int64_t m, int64_t dtype) {
  if (n < 0 || m < 0) return FAIL(k, TIDE_ESHAPE, "size %lld is negative", (long long)(n < 0 ? n : m));
  return tide__result(k, 0, dtype < 0 ? k->c->mode.default_dtype : (int)dtype, 2, (int64_t[]){n, m});
}
static int eye_infer(tide_Call *k) { return square(k, k->v[1].i, k->v[1].i, k->v[2].i); }
static int eye_m_infer(tide_Call *k) { return square(k, k->v[1].i, k->v[2].i, k->v[3].i); }
static int eye_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  int64_t m = o->shape[1], n = o->shape[0] < m ? o->shape[0] : m, w = tide__size[o->dtype];
  clear(k);
  for (int64_t i = 0; i < n; i++) tide__write_integer(o->dtype, o->data + i * (m + 1) * w, 1);
  return 1;
}

/* The columns of a row that are in the triangle: first .. last-1. */
static void triangle_row(const tide_Call *k, int64_t row, int64_t *first, int64_t *last) {
  int64_t n = k->v[2].i, cut;
  int lower = k->op == &tide__op_tril_indices;
  if (__builtin_add_overflow(row + lower, k->v[3].i, &cut)) cut = n;
  cut = cut < 0 ? 0 : cut > n ? n : cut;
  *first = lower ? 0 : cut;
  *last = lower ? cut : n;
}
static int triangle_infer(tide_Call *k) {
  int64_t rows = k->v[1].i, columns = k->v[2].i, n = 0, first, last;
  int dtype = k->v[4].i < 0 ? TIDE_INT64 : (int)k->v[4].i;
  if (rows < 0 || columns < 0) return FAIL(k, TIDE_ESHAPE, "size %lld is negative", (long long)(rows < 0 ? rows : columns));
  if (tide__is_float(dtype) || dtype == TIDE_BOOL) return FAIL(k, TIDE_EDTYPE, "positions are integers, not %s", tide_dtype_name(dtype));
  if (rows > (int64_t)1 << 26) return FAIL(k, TIDE_NOMEM, "out of memory: %lld rows are too many", (long long)rows);
  for (int64_t row = 0; row < rows; row++) {
    triangle_row(k, row, &first, &last);
    if (__builtin_add_overflow(n, last - first, &n)) n = INT64_MAX / 16;
  }
  return tide__result(k, 0, dtype, 2, (int64_t[]){2, n});
}
static int triangle_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  int64_t w = tide__size[o->dtype], n = o->shape[1], first, last;
  char *p = o->data;
  for (int64_t row = 0; row < k->v[1].i; row++) {
    triangle_row(k, row, &first, &last);
    for (int64_t column = first; column < last; column++, p += w) {
      tide__write_integer(o->dtype, p, row + k->c->base);
      tide__write_integer(o->dtype, p + n * w, column + k->c->base);
    }
  }
  return 1;
}

/* }========================================================= */

#define TABLE "ops/create.def"
#include "ops/define.h"
