/*
** Einstein sums. Every dimension of every operand gets a label: a letter, or a number for those that an ellipsis stands for, counted from the right
** so that ellipses align. A letter that a term repeats takes the diagonal at once. The operands are then multiplied from left to right. What two of them
** share and nobody else names is summed, as a product of matrices: [shared and kept, own of the first, summed] times [shared and kept,
** summed, own of the second].
*/
#include "ops/op.h"

#define LETTERS 52
#define LABELS  (LETTERS + TIDE_MAXDIM)
#define NOWHERE LABELS

typedef struct Term { tide_Tensor *t; int n; int label[TIDE_MAXDIM]; } Term;      /* of the output: t NULL */

typedef struct Equation {
  tide_Context *c;
  int dots;                      /* the most dimensions that an ellipsis stands for */
  int64_t size[LABELS];          /* -1: not seen */
  int users[LABELS];             /* operands not yet taken, and the output, that name the label */
  int terms[LABELS];             /* how often operands write it */
  int place[LABELS];             /* its dimension in the output, or NOWHERE */
  Term out;
} Equation;

static int wrong(Equation *q, int code, const char *what, int letter, int64_t operand) {
  tide__fail(q->c, code, "%s '%c' of operand %lld", what, letter, tide__shown(q->c, operand));
  return 0;
}


/* {======================== reading ======================== */

static int label_of(int c) { return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1; }
static int letter_of(int label) { return label >= LETTERS ? '.' : label < 26 ? 'A' + label : 'a' + label - 26; }
static int ends(const char *s) { return *s == 0 || *s == ',' || (s[0] == '-' && s[1] == '>'); }

static int letters_in(const char *s) {
  int n = 0;
  for (; !ends(s); s++) n += label_of(*s) >= 0;
  return n;
}

/* One term, its ellipsis standing for `dots` dimensions. *s moves behind it. */
static int read_term(Equation *q, const char **s, int dots, Term *x) {
  int seen = 0;
  x->n = 0;
  for (; !ends(*s); ++*s) {
    int label = label_of(**s), count = 1;
    if (**s == ' ') continue;
    if (**s == '.') {
      if (strncmp(*s, "...", 3) != 0 || seen) { tide__fail(q->c, TIDE_EARG, "equation: '.' is written as one ellipsis '...' in a term"); return 0; }
      *s += 2;
      seen = 1;
      count = dots;
      label = LABELS - dots;
    }
    else if (label < 0) { tide__fail(q->c, TIDE_EARG, "equation: '%c' is neither a letter, ',', '->' nor '...'", **s); return 0; }
    if (x->n + count > TIDE_MAXDIM) { tide__fail(q->c, TIDE_EARG, "equation: a term of more than %d dimensions", TIDE_MAXDIM); return 0; }
    for (int j = 0; j < count; j++) x->label[x->n++] = label + j;
  }
  return 1;
}

/* The sizes that an operand gives to its labels. */
static int note_sizes(Equation *q, const Term *x, int operand) {
  for (int d = 0; d < x->n; d++) {
    int l = x->label[d];
    int64_t size = x->t->shape[d], *known = &q->size[l];
    for (int e = 0; e < d; e++)
      if (x->label[e] == l && x->t->shape[e] != size) return wrong(q, TIDE_ESHAPE, "two sizes for the letter", letter_of(l), operand);
    q->terms[l]++;
    if (*known < 0 || *known == 1) *known = size;
    else if (size != 1 && size != *known) {
      tide__fail(q->c, TIDE_ESHAPE, "operand %lld of sizes %s has %lld where '%c' is %lld", tide__shown(q->c, operand), SHAPE_TEXT(x->t), (long long)size, letter_of(l), (long long)*known);
      return 0;
    }
  }
  return 1;
}

static int read_operands(Equation *q, const char **s, tide_Tensor *const *in, int n, Term *x) {
  for (int i = 0; i < n; i++) {
    int dots = in[i]->ndim - letters_in(*s);
    x[i].t = in[i];
    if (!read_term(q, s, dots > 0 ? dots : 0, &x[i])) return 0;
    if (x[i].n != in[i]->ndim) {
      tide__fail(q->c, TIDE_ESHAPE, "operand %lld of sizes %s has %d dimensions, its term names %d", tide__shown(q->c, i), SHAPE_TEXT(in[i]), in[i]->ndim, x[i].n);
      return 0;
    }
    if (dots > q->dots) q->dots = dots;
    if (!note_sizes(q, &x[i], i)) return 0;
    if (i < n - 1 && **s != ',') { tide__fail(q->c, TIDE_EARG, "equation: %d operands were given, it has %d terms", n, i + 1); return 0; }
    if (**s == ',') {
      if (i == n - 1) { tide__fail(q->c, TIDE_EARG, "equation: it has more terms than the %d operands given", n); return 0; }
      ++*s;
    }
  }
  return 1;
}

static int read_output(Equation *q, const char *s) {
  if (*s == 0) {                                              /* what occurs once */
    q->out.n = 0;
    for (int l = LABELS - q->dots; l < LABELS; l++) q->out.label[q->out.n++] = l;
    for (int l = 0; l < LETTERS; l++) {
      if (q->terms[l] != 1) continue;
      if (q->out.n == TIDE_MAXDIM) { tide__fail(q->c, TIDE_EARG, "equation: a result of more than %d dimensions", TIDE_MAXDIM); return 0; }
      q->out.label[q->out.n++] = l;
    }
  }
  else {
    s += 2;
    if (!read_term(q, &s, q->dots, &q->out)) return 0;
    if (*s) { tide__fail(q->c, TIDE_EARG, "equation: one term is wanted behind '->'"); return 0; }
  }
  for (int l = 0; l < LABELS; l++) q->place[l] = NOWHERE;
  for (int i = 0; i < q->out.n; i++) {
    int l = q->out.label[i];
    if (!q->terms[l] || q->place[l] != NOWHERE) {
      tide__fail(q->c, TIDE_EARG, "equation: the result names '%c' %s", letter_of(l), q->terms[l] ? "twice" : "but no operand does");
      return 0;
    }
    q->place[l] = i;
    q->users[l]++;
  }
  return 1;
}

/* }========================================================= */


/* {======================== operands ======================== */

static int find(const Term *x, int label) {
  for (int d = 0; d < x->n; d++) if (x->label[d] == label) return d;
  return -1;
}

/* Repeated labels become one dimension, the diagonal. */
static int take_diagonals(Term *x) {
  for (int d = 1; d < x->n; d++) {
    int e = find(x, x->label[d]), label = x->label[d];
    if (e == d) continue;
    if (!(x->t = tide_diagonal(x->t, 0, e, d))) return 0;      /* it comes last */
    for (int i = d; i < x->n - 1; i++) x->label[i] = x->label[i + 1];
    for (int i = e; i < x->n - 2; i++) x->label[i] = x->label[i + 1];
    x->label[--x->n - 1] = label;
    d = 0;
  }
  return 1;
}

/* Sums x over what nobody else names, and drops dimensions of size 1 that y has at full size. */
static int sum_own(const Equation *q, Term *x, const Term *y, int dtype) {
  int64_t dims[TIDE_MAXDIM];
  int n = 0, kept = 0;
  for (int d = 0; d < x->n; d++) {
    int l = x->label[d], e = y ? find(y, l) : -1;
    if (e < 0 ? q->users[l] == 0 : x->t->shape[d] == 1 && y->t->shape[e] != 1) dims[n++] = d;
    else x->label[kept++] = l;
  }
  x->n = kept;
  return n == 0 || (x->t = tide_sum_dim(x->t, dims, n, 0, dtype)) != NULL;
}

/* x with its dimensions in the order of these labels. */
static tide_Tensor *in_order(const Term *x, const int *labels, int n) {
  int64_t order[TIDE_MAXDIM];
  for (int i = 0; i < n; i++) order[i] = find(x, labels[i]);
  return tide_permute(x->t, order, n);
}

/* x with a dimension for each of these labels, of size 1 where it has none. */
static tide_Tensor *spread(const Term *x, const int *labels, int n) {
  int own[TIDE_MAXDIM], count = 0;
  int64_t shape[TIDE_MAXDIM];
  for (int i = 0; i < n; i++) {
    int d = find(x, labels[i]);
    shape[i] = d < 0 ? 1 : x->t->shape[d];
    if (d >= 0) own[count++] = labels[i];
  }
  tide_Tensor *y = in_order(x, own, count);
  return count == n ? y : tide_reshape(y, shape, n);
}

/* }========================================================= */


/* {======================== two operands ======================== */

typedef struct Labels { int n, label[2 * TIDE_MAXDIM]; int64_t count; } Labels;     /* count: the product of the sizes */

static void add(Labels *s, int label, int64_t size) { s->label[s->n++] = label; s->count *= size; }
static void append(Labels *s, const Labels *other) { for (int i = 0; i < other->n; i++) add(s, other->label[i], 1); }

/* Nothing is summed: the product of the elements, in the order of the output. */
static tide_Tensor *elementwise(const Equation *q, const Term *x, const Term *y, Labels *all) {
  for (int i = 1; i < all->n; i++)
    for (int j = i; j > 0 && q->place[all->label[j]] < q->place[all->label[j - 1]]; j--) {
      int l = all->label[j];
      all->label[j] = all->label[j - 1];
      all->label[j - 1] = l;
    }
  return tide_mul(spread(x, all->label, all->n), spread(y, all->label, all->n));
}

/* [both, own, sum] times [both, sum, own] */
static tide_Tensor *contracted(const Term *x, const Term *y, const Labels *both, const Labels *own_x, const Labels *sum, const Labels *own_y) {
  Labels left = *both, right = *both;
  append(&left, own_x);
  append(&left, sum);
  append(&right, sum);
  append(&right, own_y);
  tide_Tensor *a = in_order(x, left.label, left.n), *b = in_order(y, right.label, right.n);
  if (both->n == 0) return tide_mm(tide_reshape(a, (int64_t[]){own_x->count, sum->count}, 2), tide_reshape(b, (int64_t[]){sum->count, own_y->count}, 2));
  return tide_bmm(tide_reshape(a, (int64_t[]){both->count, own_x->count, sum->count}, 3), tide_reshape(b, (int64_t[]){both->count, sum->count, own_y->count}, 3));
}

/* x = x times y */
static int multiply(const Equation *q, Term *x, Term *y) {
  Labels both = {.count = 1}, sum = both, own_x = both, own_y = both;
  int dtype = x->t->dtype;
  int sums = 0;
  for (int d = 0; d < x->n; d++) sums |= q->users[x->label[d]] == 0;
  for (int d = 0; d < y->n; d++) sums |= q->users[y->label[d]] == 0;
  if (!sum_own(q, x, y, dtype) || !sum_own(q, y, x, y->t->dtype) || !sum_own(q, x, y, dtype)) return 0;
  for (int d = 0; d < x->n; d++) {
    int l = x->label[d];
    add(find(y, l) < 0 ? &own_x : q->users[l] ? &both : &sum, l, x->t->shape[d]);
  }
  for (int d = 0; d < y->n; d++) if (find(x, y->label[d]) < 0) add(&own_y, y->label[d], y->t->shape[d]);
  if (own_x.n && own_y.n && q->place[own_y.label[0]] < q->place[own_x.label[0]]) {     /* the other way round comes closer to the output */
    Labels l = own_x; own_x = own_y; own_y = l;
    Term t = *x; *x = *y; *y = t;
  }
  Labels all = both;
  append(&all, &own_x);
  append(&all, &own_y);
  if (all.n > TIDE_MAXDIM || all.n - own_y.n + sum.n > TIDE_MAXDIM) {
    tide__fail(q->c, TIDE_EARG, "a product of %d dimensions on the way: at most %d are possible", all.n, TIDE_MAXDIM);
    return 0;
  }
  int64_t shape[TIDE_MAXDIM];
  for (int i = 0; i < all.n; i++) shape[i] = find(x, all.label[i]) < 0 ? y->t->shape[find(y, all.label[i])] : x->t->shape[find(x, all.label[i])];
  if (sum.n) x->t = tide_view(contracted(x, y, &both, &own_x, &sum, &own_y), shape, all.n);
  else x->t = elementwise(q, x, y, &all);
  if (sums && !sum.n && x->t) x->t = tide_view(x->t, x->t->shape, x->t->ndim);      /* (its node prints as that of any sum of products) */
  x->n = all.n;
  memcpy(x->label, all.label, sizeof(int) * (size_t)all.n);
  return x->t != NULL;
}

/* }========================================================= */


static void forget(Equation *q, const Term *x) { for (int d = 0; d < x->n; d++) if (find(x, x->label[d]) == d) q->users[x->label[d]]--; }

/* One operand: its dimensions in the output's order, those that the output lacks summed. */
static tide_Tensor *alone(Equation *q, Term *x) {
  Term all = {.n = 0};
  int64_t dims[TIDE_MAXDIM];
  for (int i = 0; i < q->out.n; i++) all.label[all.n++] = q->out.label[i];
  for (int d = 0; d < x->n; d++)
    if (q->place[x->label[d]] == NOWHERE) { dims[all.n - q->out.n] = all.n; all.label[all.n++] = x->label[d]; }
  tide_Tensor *y = in_order(x, all.label, all.n);
  return all.n == q->out.n ? y : tide_sum_dim(y, dims, all.n - q->out.n, 0, -1);
}

static tide_Tensor *einsum(const char *equation, tide_Tensor *const *in, int n) {
  for (int i = 0; i < n; i++) if (!in[i]) return NULL;
  if (n < 1) return NULL;
  Equation q = {.c = in[0]->ctx};
  for (int l = 0; l < LABELS; l++) q.size[l] = -1;
  Term *x = tide__scratch(q.c, (size_t)n * sizeof *x);
  if (!x || !read_operands(&q, &equation, in, n, x) || !read_output(&q, equation)) return NULL;
  for (int i = 0; i < n; i++) {
    if (!take_diagonals(&x[i])) return NULL;
    for (int d = 0; d < x[i].n; d++) q.users[x[i].label[d]]++;
  }
  if (n == 1) return alone(&q, &x[0]);
  forget(&q, &x[0]);
  for (int i = 1; i < n; i++) {
    forget(&q, &x[i]);
    if (!multiply(&q, &x[0], &x[i])) return NULL;
  }
  int moved = 0;
  for (int d = 0; d < q.out.n; d++) moved |= x[0].label[d] != q.out.label[d];
  if (!moved) return x[0].t;
  tide_Tensor *y = in_order(&x[0], q.out.label, q.out.n);
  return y ? tide_view(y, y->shape, y->ndim) : NULL;
}

#define TABLE "ops/einsum.def"
#include "ops/define.h"
