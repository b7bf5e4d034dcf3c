/*
** Memory and life: host memory uncopied, its release, limits, scopes, error values, interrupts, contexts in two threads. Uses tide.h alone.
*/
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tide.h"

static int failures = 0;
#define CHECK(condition, ...) do { if (!(condition)) { failures++; printf("line %d: ", __LINE__); printf(__VA_ARGS__); puts(""); } } while (0)
#define SIZES(...) (int64_t[]){__VA_ARGS__}, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void count(void *arg) { ++*(int *)arg; }

/* An allocator that knows what is out. */
typedef struct Counter { long blocks; long long bytes; } Counter;

static void *counting(void *ud, void *p, size_t osize, size_t nsize) {
  Counter *n = ud;
  if (nsize == 0) { n->blocks--; n->bytes -= (long long)osize; free(p); return NULL; }
  n->blocks++;
  n->bytes += (long long)nsize;
  return malloc(nsize);
}

static void host_memory(tide_Context *c) {
  double memory[6] = {1, 2, 3, 4, 5, 6};
  int released = 0;
  tide_Scope scope = tide_scope(c);
  tide_Tensor *x = tide_from_memory(c, memory, TIDE_FLOAT64, 2, (int64_t[]){2, 3}, NULL, count, &released);
  CHECK(tide_data(x) == memory, "the memory was copied");
  tide_Tensor *turned = tide_from_memory(c, memory, TIDE_FLOAT64, 2, (int64_t[]){3, 2}, (int64_t[]){1, 3}, count, &released);
  tide_Tensor *sum = tide_sum(tide_mul(turned, tide_transpose(x, 0, 1)), -1);
  CHECK(sum && tide_element(sum, 0) == 91, "sum of squares: %s", tide_error(c));
  tide_add_(x, tide_number(c, 1));
  CHECK(memory[0] == 2 && memory[5] == 7, "writes do not reach the host");
  memory[0] = 10;
  CHECK(tide_element(x, 0) == 10, "the host's writes are not seen");
  tide_Tensor *row = tide_keep(tide_select(x, 0, 1));
  tide_close(c, scope, NULL);
  CHECK(released == 1, "released %d times: a view of the first is alive", released);
  CHECK(tide_element(row, 0) == 5, "the view lost its memory");
  tide_release(row);
  CHECK(released == 2, "released %d times", released);

  /* a value saved for backward keeps the memory */
  scope = tide_scope(c);
  x = tide_from_memory(c, memory, TIDE_FLOAT64, 1, (int64_t[]){6}, NULL, count, &released);
  tide_Tensor *w = tide_ones(c, SIZES(6), TIDE_FLOAT64);
  tide_set_requires_grad(w, 1);
  tide_Tensor *y = tide_keep(tide_sum(tide_mul(w, x), -1));
  tide_keep(w);
  tide_close(c, scope, NULL);
  CHECK(released == 2, "the graph still needs it");
  CHECK(tide_backward(1, &y, NULL, 0), "%s", tide_error(c));
  CHECK(tide_element(tide_get_grad(w), 1) == memory[1], "wrong gradient");
  CHECK(released == 3, "released %d times after backward", released);
  tide_release(y);
  tide_release(w);

  /* refused: released at once */
  CHECK(!tide_from_memory(c, memory, TIDE_FLOAT64, 1, (int64_t[]){-6}, NULL, count, &released) && released == 4, "a negative size");
  tide_clear_error(c);
  CHECK(!tide_from_memory(c, memory, 99, 1, (int64_t[]){6}, NULL, count, &released) && released == 5, "a dtype that is none");
  CHECK(tide_error_code(c) == TIDE_EDTYPE, "%s", tide_error(c));
  tide_clear_error(c);
  CHECK(!tide_from_memory(c, memory, TIDE_FLOAT64, 17, (int64_t[17]){1}, NULL, count, &released) && released == 6, "17 dimensions");
  tide_clear_error(c);
}

static void limits(tide_Context *c) {
  tide_Scope scope = tide_scope(c);
  int64_t live = tide_memory_stats(c).live_bytes;
  tide_set_memory_limit(c, live + (1 << 20));
  CHECK(!tide_zeros(c, SIZES(1 << 20), TIDE_FLOAT32), "4 MB under a limit of 1");
  CHECK(tide_error_code(c) == TIDE_NOMEM && strstr(tide_error(c), "limit"), "'%s'", tide_error(c));
  tide_clear_error(c);
  CHECK(tide_zeros(c, SIZES(1000), TIDE_FLOAT32), "usable afterwards: %s", tide_error(c));
  CHECK(!tide_zeros(c, SIZES(1LL << 40, 1LL << 40), TIDE_FLOAT32) && tide_error_code(c) == TIDE_NOMEM, "2^80 elements: %s", tide_error(c));
  tide_clear_error(c);
  tide_set_memory_limit(c, 0);
  tide_close(c, scope, NULL);
  CHECK(tide_memory_stats(c).live_bytes == live, "%lld bytes are left", (long long)(tide_memory_stats(c).live_bytes - live));
  tide_empty_cache(c);
  CHECK(tide_memory_stats(c).cached_bytes == 0, "the cache is not empty");
  tide_reset_peak(c);
  CHECK(tide_memory_stats(c).peak_bytes == tide_memory_stats(c).live_bytes, "the peak was not reset");
}

/* The host is asked once, and what it gives back is used. */
typedef struct Hoard { tide_Context *c; tide_Tensor *t; int asked; } Hoard;

static void give_up(void *arg) {
  Hoard *h = arg;
  h->asked++;
  tide_release(h->t);
  h->t = NULL;
  tide_Scope scope = tide_scope(h->c);                     /* it may compute, and fail */
  tide_set_grad_mode(h->c, 0);
  tide_matmul(tide_ones(h->c, SIZES(2, 3), -1), tide_ones(h->c, SIZES(2, 3), -1));
  tide_close(h->c, scope, NULL);
}

static void collecting(tide_Context *c) {
  tide_Scope scope = tide_scope(c);
  Hoard h = {c, tide_keep(tide_zeros(c, SIZES(1 << 18), TIDE_FLOAT32)), 0};
  tide_set_collect(c, give_up, &h);
  tide_set_memory_limit(c, tide_memory_stats(c).live_bytes + 1000);
  CHECK(tide_zeros(c, SIZES(1 << 18), TIDE_FLOAT32) && h.asked == 1, "asked %d times: %s", h.asked, tide_error(c));
  CHECK(!*tide_error(c) && tide_grad_mode(c) == 1, "the callback's error or mode was left behind");
  CHECK(!tide_zeros(c, SIZES(1 << 18), TIDE_FLOAT32) && h.asked == 2, "asked %d times", h.asked);
  tide_clear_error(c);
  tide_set_collect(c, NULL, NULL);
  tide_set_memory_limit(c, 0);
  tide_close(c, scope, NULL);
}

static void scopes(tide_Context *c) {
  int64_t before = tide_memory_stats(c).tensors;
  tide_Scope outer = tide_scope(c), inner = tide_scope(c);
  tide_Tensor *x = tide_ones(c, SIZES(4), -1);
  tide_Tensor *y = tide_close(c, inner, tide_add(x, x));
  CHECK(tide_memory_stats(c).tensors == before + 1 && tide_element(y, 3) == 2, "an inner scope hands its result outward");
  tide_Tensor *kept = tide_keep(tide_mul(y, y));
  CHECK(tide_close(c, tide_scope(c), NULL) == NULL, "NULL goes through");
  CHECK(tide_close(c, tide_scope(c), kept) == kept && tide_handles(kept) == 2, "a result from elsewhere: %d counts", tide_handles(kept));
  tide_close(c, outer, NULL);
  CHECK(tide_memory_stats(c).tensors == before + 1 && tide_handles(kept) == 1, "what was kept outlives the scope");
  tide_release(kept);
  CHECK(tide_memory_stats(c).tensors == before, "%lld tensors are left", (long long)(tide_memory_stats(c).tensors - before));
}

static void errors(tide_Context *c) {
  tide_Scope scope = tide_scope(c);
  tide_Tensor *a = tide_ones(c, SIZES(2, 3), -1), *b = tide_ones(c, SIZES(4), -1), *i = tide_arange(c, tide_integer(c, 3), TIDE_INT64);
  tide_Context *other = tide_open(NULL);
#define FAILS(code, expression) \
  do { CHECK(!(expression), "line %d did not fail", __LINE__); CHECK(tide_error_code(c) == (code), "code %d: %s", tide_error_code(c), tide_error(c)); \
       CHECK(!tide_add(a, a), "an operator after an error"); tide_clear_error(c); CHECK(tide_add(a, a), "%s", tide_error(c)); } while (0)
  FAILS(TIDE_ESHAPE, tide_add(a, b));
  FAILS(TIDE_EINDEX, tide_select(a, 5, 0));
  FAILS(TIDE_EDTYPE, tide_set_requires_grad(i, 1));
  FAILS(TIDE_EGRAD, tide_backward(1, &a, NULL, 0));
  FAILS(TIDE_EARG, tide_add(a, tide_ones(other, SIZES(2, 3), -1)));
  tide_Tensor *w = tide_ones(c, SIZES(3), -1);
  tide_set_requires_grad(w, 1);
  FAILS(TIDE_EGRAD, tide_add_(w, w));
  tide_Tensor *e = tide_exp(w), *s = tide_sum(e, -1);
  tide_add_(e, tide_number(c, 1));
  FAILS(TIDE_EVERSION, tide_backward(1, &s, NULL, 0));
  s = tide_sum(tide_mul(w, w), -1);
  CHECK(tide_backward(1, &s, NULL, 0), "%s", tide_error(c));
  FAILS(TIDE_EGRAD, tide_backward(1, &s, NULL, 0));
  tide_interrupt(c);
  FAILS(TIDE_INTERRUPTED, tide_add(a, a));
  CHECK(!tide_mul(NULL, a) && !tide_error_code(c), "NULL gives NULL and no error of its own");
  tide_fail(c, TIDE_EVALUE, "first %d", 1);
  tide_fail(c, TIDE_EVALUE, "second");
  CHECK(!strcmp(tide_error(c), "first 1"), "'%s' is kept", tide_error(c));
  tide_clear_error(c);
  tide_close(c, scope, NULL);
  tide_shutdown(other);
}

/* A context dies with its last tensor. */
static void late_tensor(void) {
  Counter n = {0, 0};
  tide_Config config = {.size = sizeof config, .alloc = counting, .ud = &n};
  tide_Context *c = tide_open(&config);
  tide_Tensor *w = tide_keep(tide_ones(c, SIZES(100), -1));
  tide_set_requires_grad(w, 1);
  tide_Tensor *y = tide_keep(tide_sum(tide_mul(w, w), -1));
  tide_shutdown(c);
  CHECK(n.blocks > 0 && tide_element(y, 0) == 100, "the context went too early");
  tide_release(w);
  CHECK(n.blocks > 0, "the graph is needed");
  tide_release(y);
  CHECK(n.blocks == 0 && n.bytes == 0, "%ld blocks, %lld bytes are left", n.blocks, n.bytes);
}

/* Each thread a context of its own: the same work gives the same result. */
static void *work(void *arg) {
  double *result = arg;
  tide_Context *c = tide_open(NULL);
  if (!c) return NULL;
  tide_manual_seed(c, 7);
  tide_Tensor *x = tide_randn(c, SIZES(32, 16), TIDE_FLOAT64), *w = tide_randn(c, SIZES(16, 1), TIDE_FLOAT64);
  tide_set_requires_grad(w, 1);
  for (int i = 0; i < 200; i++) {
    tide_Scope scope = tide_scope(c);
    tide_Tensor *loss = tide_mean(tide_square(tide_sub(tide_tanh(tide_matmul(x, w)), tide_number(c, 0.5))), -1);
    tide_set_grad(w, NULL);
    if (!tide_backward(1, &loss, NULL, 0)) break;
    tide_set_grad_mode(c, 0);
    tide_sub_(w, tide_mul(tide_get_grad(w), tide_number(c, 0.1)));
    tide_set_grad_mode(c, 1);
    *result = tide_element(loss, 0);
    tide_close(c, scope, NULL);
  }
  if (*tide_error(c)) { printf("in a thread: %s\n", tide_error(c)); *result = NAN; }
  tide_shutdown(c);
  return NULL;
}

static void threads(void) {
  enum { N = 4 };
  pthread_t thread[N];
  double result[N] = {0};
  for (int i = 0; i < N; i++) if (pthread_create(&thread[i], NULL, work, &result[i])) { CHECK(0, "no thread"); return; }
  for (int i = 0; i < N; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < N; i++) CHECK(result[i] > 0 && result[i] == result[0], "thread %d found %.17g, the first %.17g", i, result[i], result[0]);
}

int main(void) {
  Counter n = {0, 0};
  tide_Config config = {.size = sizeof config, .alloc = counting, .ud = &n};
  for (int own = 0; own < 2; own++) {                      /* with the pool, and with the host's allocator */
    tide_Context *c = tide_open(own ? &config : NULL);
    if (!c) return 1;
    host_memory(c);
    limits(c);
    collecting(c);
    scopes(c);
    errors(c);
    tide_shutdown(c);
  }
  CHECK(n.blocks == 0 && n.bytes == 0, "%ld blocks, %lld bytes are left", n.blocks, n.bytes);
  late_tensor();
  threads();
  CHECK(!strcmp(tide_version(), TIDE_VERSION), "header and library differ");
  return failures != 0;
}
