/* Elements in other places. Most are one strided copy, or a few, between suitable corners of input and result. */
#include "ops/op.h"

/* Copies a block of these sizes from x at element `from` to o at element `to`. */
static void block(tide_Tensor *o, const int64_t *out_strides, int64_t to, const tide_Tensor *x, const int64_t *in_strides, int64_t from, int nd, const int64_t *shape) {
  int64_t bytes = tide__size[o->dtype];
  tide__copy(nd, shape, o->dtype, o->data + to * bytes, out_strides, x->dtype, x->data + from * bytes, in_strides);
}

static int same_sizes(tide_Call *k) { return tide__result(k, 0, k->in[0]->dtype, k->in[0]->ndim, k->in[0]->shape); }


/* {======================== flip, roll, rot90 ======================== */

static int flip_infer(tide_Call *k) {
  int ok;
  tide__dims(k->c, k->v[1].ints, k->v[1].n, k->in[0]->ndim, &ok);
  return ok && tide__result_like(k, 0, k->in[0]->dtype, k->in[0]);
}
static int flip_run(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  int ok;
  uint32_t mask = tide__dims(k->c, k->v[1].ints, k->v[1].n, x->ndim, &ok);
  int64_t strides[TIDE_MAXDIM], last = 0;
  if (x->n == 0) return 1;
  for (int d = 0; d < x->ndim; d++) {
    strides[d] = tide__strides(x)[d];
    if (!(mask >> d & 1)) continue;
    last += (x->shape[d] - 1) * strides[d];
    strides[d] = -strides[d];
  }
  block(k->out[0], tide__strides(k->out[0]), 0, x, strides, last, x->ndim, x->shape);
  return 1;
}
static tide_Tensor *flip_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_flip(g, ARG(n, 1).ints, ARG(n, 1).n); }

static tide_Tensor *flip_one(tide_Tensor *x, int64_t dim) {
  if (x && x->ndim <= dim) return tide__fail(x->ctx, TIDE_ESHAPE, "at least %d dimension%s are wanted, not sizes %s", (int)dim + 1, dim ? "s" : "", SHAPE_TEXT(x));
  return tide_flip(x, &dim, 1);
}

static int64_t remainder_of(int64_t a, int64_t n) { int64_t r = a % n; return r < 0 ? r + n : r; }

static int roll_infer(tide_Call *k) {
  int shifts = k->v[1].n < 0 ? 0 : k->v[1].n, dims = k->v[2].n < 0 ? 0 : k->v[2].n;
  if (shifts == 0) return FAIL(k, TIDE_EARG, "shifts is an empty list");
  if (dims && k->in[0]->ndim == 0) return FAIL(k, TIDE_ESHAPE, "a 0-dim tensor has no dimension to roll");
  if (dims == 0 ? shifts != 1 : shifts != dims) return FAIL(k, TIDE_EARG, "%d shifts for %d dimensions", shifts, dims);
  for (int i = 0; i < dims; i++) if (tide__dim(k->c, k->v[2].ints[i], k->in[0]->ndim) < 0) return 0;
  return same_sizes(k);
}

/* As a vector: two pieces change places. */
static int roll_flat(tide_Tensor *x, tide_Tensor *o, int64_t shift) {
  int64_t one = 1, head = remainder_of(shift, x->n), tail = x->n - head;
  if (!(x = tide__packed(x))) return 0;
  block(o, &one, head, x, &one, 0, 1, &tail);
  block(o, &one, 0, x, &one, tail, 1, &head);
  return 1;
}

/* Each rolled dimension falls into two pieces that change places; every combination of pieces is a block. */
static int roll_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  tide_Scope scope = tide_scope(k->c);
  int64_t shift[TIDE_MAXDIM] = {0}, shape[TIDE_MAXDIM];
  int dims[TIDE_MAXDIM], n = 0;
  if (o->n == 0) return 1;
  if (k->v[2].n <= 0) {
    int ok = roll_flat(x, o, k->v[1].ints[0]);
    tide_close(k->c, scope, NULL);
    return ok;
  }
  for (int i = 0; i < k->v[2].n; i++) {
    int d = tide__dim(k->c, k->v[2].ints[i], x->ndim);
    shift[d] = remainder_of(shift[d] + remainder_of(k->v[1].ints[i], x->shape[d]), x->shape[d]);
  }
  for (int d = 0; d < x->ndim; d++) if (shift[d]) dims[n++] = d;
  for (uint32_t piece = 0; piece < 1u << n; piece++) {
    int64_t from = 0, to = 0;
    memcpy(shape, x->shape, sizeof(int64_t) * x->ndim);
    for (int j = 0; j < n; j++) {
      int d = dims[j];
      if (piece >> j & 1) { shape[d] = shift[d]; from += (x->shape[d] - shift[d]) * tide__strides(x)[d]; }
      else { shape[d] -= shift[d]; to += shift[d] * tide__strides(o)[d]; }
    }
    block(o, tide__strides(o), to, x, tide__strides(x), from, x->ndim, shape);
  }
  return 1;
}
static tide_Tensor *roll_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int64_t small[TIDE_MAXDIM], *back = small;
  int count = ARG(n, 1).n;
  (void)i;
  if (count > TIDE_MAXDIM && !(back = tide__scratch(n->ctx, sizeof *back * (size_t)count))) return NULL;
  for (int j = 0; j < count; j++) back[j] = -ARG(n, 1).ints[j];
  return tide_roll(g, back, count, ARG(n, 2).ints, ARG(n, 2).n);
}

/* The two dimensions; 0 with the error set. */
static int turned(tide_Context *c, const tide_Tensor *x, const tide_Value *dims, int *a, int *b) {
  if (dims->n >= 0 && dims->n != 2) { tide__fail(c, TIDE_EARG, "two dimensions are wanted, not %d", dims->n); return 0; }
  if (x->ndim < 2) { tide__fail(c, TIDE_ESHAPE, "at least two dimensions are wanted, not sizes %s", SHAPE_TEXT(x)); return 0; }
  *a = dims->n < 0 ? 0 : tide__dim(c, dims->ints[0], x->ndim);
  *b = *a < 0 ? -1 : dims->n < 0 ? 1 : tide__dim(c, dims->ints[1], x->ndim);
  if (*b >= 0 && *a == *b) { tide__fail(c, TIDE_EARG, "dimension %lld is named twice", tide__shown(c, *a)); return 0; }
  return *b >= 0;
}
static int rot90_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  int64_t shape[TIDE_MAXDIM];
  int a, b;
  if (!turned(k->c, x, &k->v[2], &a, &b)) return 0;
  memcpy(shape, x->shape, sizeof(int64_t) * x->ndim);
  if (k->v[1].i & 1) { shape[a] = x->shape[b]; shape[b] = x->shape[a]; }
  return tide__result(k, 0, x->dtype, x->ndim, shape);
}
static int rot90_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  int64_t strides[TIDE_MAXDIM], from = 0, turns = k->v[1].i & 3;
  int a, b;
  if (!turned(k->c, x, &k->v[2], &a, &b)) return 0;
  if (o->n == 0) return 1;
  memcpy(strides, tide__strides(x), sizeof(int64_t) * x->ndim);
  if (turns == 1 || turns == 2) { from += (x->shape[b] - 1) * strides[b]; strides[b] = -strides[b]; }
  if (turns == 2 || turns == 3) { from += (x->shape[a] - 1) * strides[a]; strides[a] = -strides[a]; }
  if (turns & 1) { int64_t s = strides[a]; strides[a] = strides[b]; strides[b] = s; }
  block(o, tide__strides(o), 0, x, strides, from, o->ndim, o->shape);
  return 1;
}
static tide_Tensor *rot90_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_rot90(g, -ARG(n, 1).i, ARG(n, 2).ints, ARG(n, 2).n); }

/* }========================================================= */


/* {======================== triangles and diagonals ======================== */

static int triangle_infer(tide_Call *k) {
  if (k->in[0]->ndim < 2) return FAIL(k, TIDE_ESHAPE, "a matrix, or several, is wanted, not sizes %s", SHAPE_TEXT(k->in[0]));
  return same_sizes(k);
}

/* A copy, of whose rows one end is then cleared. */
static int triangle_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  int64_t m = o->shape[o->ndim - 2], n = o->shape[o->ndim - 1], w = tide__size[o->dtype], diagonal = k->v[1].i;
  int lower = k->op == &tide__op_tril;
  if (o->n == 0) return 1;
  block(o, tide__strides(o), 0, x, tide__strides(x), 0, x->ndim, x->shape);
  if (diagonal > n) diagonal = n;
  if (diagonal < -m) diagonal = -m;
  for (int64_t row = 0; row < o->n / n; row++) {
    int64_t cut = row % m + diagonal + lower;            /* tril keeps what is before it, triu what is not */
    cut = cut < 0 ? 0 : cut > n ? n : cut;
    char *p = o->data + row * n * w;
    if (lower) memset(p + cut * w, 0, (size_t)((n - cut) * w));
    else memset(p, 0, (size_t)(cut * w));
  }
  return 1;
}
static tide_Tensor *tril_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_tril(g, ARG(n, 1).i); }
static tide_Tensor *triu_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_triu(g, ARG(n, 1).i); }

static int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

static int diag_embed_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  int64_t shape[TIDE_MAXDIM], offset = k->v[1].i, n;
  int nd = x->ndim + 1;
  if (x->ndim == 0) return FAIL(k, TIDE_ESHAPE, "a vector, or several, is wanted, not a 0-dim tensor");
  if (nd > TIDE_MAXDIM) return FAIL(k, TIDE_ESHAPE, "%d dimensions: at most %d are possible", nd, TIDE_MAXDIM);
  int a = tide__dim(k->c, k->v[2].i, nd), b = a < 0 ? -1 : tide__dim(k->c, k->v[3].i, nd);
  if (b < 0) return 0;
  if (a == b) return FAIL(k, TIDE_EARG, "both dimensions of the diagonal are %lld", tide__shown(k->c, a));
  if (offset == INT64_MIN || __builtin_add_overflow(x->shape[x->ndim - 1], magnitude(offset), &n)) return FAIL(k, TIDE_NOMEM, "out of memory: offset %lld", (long long)offset);
  for (int d = 0, s = 0; d < nd; d++) shape[d] = d == a || d == b ? n : x->shape[s++];
  return tide__result(k, 0, x->dtype, nd, shape);
}
static int diag_embed_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  int64_t strides[TIDE_MAXDIM], offset = k->v[1].i, *s = tide__strides(o);
  int a = tide__dim(k->c, k->v[2].i, o->ndim), b = tide__dim(k->c, k->v[3].i, o->ndim), nd = 0;
  if (o->n == 0) return 1;
  memset(o->data, 0, o->bytes);
  for (int d = 0; d < o->ndim; d++) if (d != a && d != b) strides[nd++] = s[d];
  strides[nd] = s[a] + s[b];
  block(o, strides, offset >= 0 ? offset * s[b] : -offset * s[a], x, tide__strides(x), 0, x->ndim, x->shape);
  return 1;
}
static tide_Tensor *diag_embed_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_diagonal(g, ARG(n, 1).i, ARG(n, 2).i, ARG(n, 3).i); }

/* The diagonal as a view without history, owned by the scope. */
static tide_Tensor *look(tide_Call *k) {
  int grad = k->c->mode.grad;
  k->c->mode.grad = 0;
  tide_Tensor *d = tide_diagonal(k->in[0], k->v[1].i, k->v[2].i, k->v[3].i);
  k->c->mode.grad = (uint8_t)grad;
  return d;
}
static int diagonal_copy_infer(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *d = look(k);
  int ok = d && tide__result(k, 0, d->dtype, d->ndim, d->shape);
  tide_close(k->c, scope, NULL);
  return ok;
}
static int diagonal_copy_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *d = look(k);
  if (d) block(k->out[0], tide__strides(k->out[0]), 0, d, tide__strides(d), 0, d->ndim, d->shape);
  tide_close(k->c, scope, NULL);
  return d != NULL;
}
static tide_Tensor *diagonal_copy_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_diagonal_put(g, shape, nd, ARG(n, 1).i, ARG(n, 2).i, ARG(n, 3).i);
}

static tide_Tensor *diag(tide_Tensor *x, int64_t diagonal) {
  if (!x) return NULL;
  if (x->ndim != 1 && x->ndim != 2) return tide__fail(x->ctx, TIDE_ESHAPE, "a vector or a matrix is wanted, not sizes %s", SHAPE_TEXT(x));
  return x->ndim == 1 ? tide_diag_embed(x, diagonal, -2, -1) : tide_diagonal_copy(x, diagonal, 0, 1);
}

/* }========================================================= */


/* {======================== padding ======================== */

/* What pad says about dimension d of nd: elements before and after. */
static void around(const tide_Value *pad, int nd, int d, int64_t *before, int64_t *after) {
  int i = 2 * (nd - 1 - d);
  *before = i < pad->n ? pad->ints[i] : 0;
  *after = i < pad->n ? pad->ints[i + 1] : 0;
}

static int pad_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  const tide_Value *pad = &k->v[1];
  int64_t shape[TIDE_MAXDIM], before, after;
  if (pad->n < 0 || pad->n % 2) return FAIL(k, TIDE_EARG, "pad has %d numbers, two for each dimension are wanted", pad->n < 0 ? 0 : pad->n);
  if (pad->n / 2 > x->ndim) return FAIL(k, TIDE_ESHAPE, "pad has numbers for %d dimensions, the tensor has %d", pad->n / 2, x->ndim);
  for (int d = 0; d < x->ndim; d++) {
    around(pad, x->ndim, d, &before, &after);
    int64_t n, left = x->shape[d] + (before < 0 ? before : 0) + (after < 0 ? after : 0);       /* what is left of input */
    if (before < -x->shape[d] || after < -x->shape[d] || left < 0 || __builtin_add_overflow(x->shape[d], before, &n) || __builtin_add_overflow(n, after, &shape[d]))
      return FAIL(k, TIDE_ESHAPE, "dimension %lld of size %lld cannot be padded by %lld and %lld", tide__shown(k->c, d), (long long)x->shape[d], (long long)before, (long long)after);
  }
  return tide__result(k, 0, x->dtype, x->ndim, shape);
}
static int pad_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  union { char bytes[8]; double align; } value;
  int64_t shape[TIDE_MAXDIM], from = 0, to = 0, before, after;
  if (o->n == 0) return 1;
  tide__write(o->dtype, value.bytes, k->v[2].d);
  tide__fill(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), value.bytes);
  for (int d = 0; d < x->ndim; d++) {
    around(&k->v[1], x->ndim, d, &before, &after);
    int64_t start = before < 0 ? -before : 0, end = after < 0 ? x->shape[d] + after : x->shape[d];
    if (end == start) return 1;                          /* nothing of input is left */
    shape[d] = end - start;
    from += start * tide__strides(x)[d];
    to += (before > 0 ? before : 0) * tide__strides(o)[d];
  }
  block(o, tide__strides(o), to, x, tide__strides(x), from, x->ndim, shape);
  return 1;
}
static tide_Tensor *pad_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int64_t back[2 * TIDE_MAXDIM];
  (void)i;
  for (int j = 0; j < ARG(n, 1).n; j++) back[j] = -ARG(n, 1).ints[j];
  return tide_constant_pad_nd(g, back, ARG(n, 1).n, 0);
}

static tide_Tensor *padded(tide_Tensor *x, const int64_t *sizes, int n, const char *mode, double value) {
  if (!x) return NULL;
  if (strcmp(mode, "constant")) return tide__fail(x->ctx, TIDE_EARG, "mode \"%s\" is not there, only \"constant\"", mode);
  return tide_constant_pad_nd(x, sizes, n, value);
}

/* }========================================================= */

#define TABLE "ops/arrange.def"
#include "ops/define.h"
