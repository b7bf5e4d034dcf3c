/*
** A backward over 10^6 nodes, interrupted from a second thread, ends with an error within 10 ms and leaves nothing behind but the
** graph, which runs again. The machine may be busy: of several tries the quickest counts. Uses tide.h alone.
*/
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "tide.h"

#define NODES 1000000
#define TRIES 9
#define BOUND 10.0                 /* ms */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

typedef struct Clock { tide_Context *c; double wait, rung; } Clock;

static void *ring(void *arg) {
  Clock *k = arg;
  struct timespec t = {0, (long)(k->wait * 1e6)};
  nanosleep(&t, NULL);
  k->rung = now();
  tide_interrupt(k->c);
  return NULL;
}

/* y = x + 1 + 1 ...; each link belongs to the next */
static tide_Tensor *chain(tide_Context *c, tide_Tensor *x) {
  tide_Tensor *y = x;
  for (int i = 0; i < NODES && y; i++) {
    tide_Scope scope = tide_scope(c);
    tide_Tensor *next = tide_keep(tide_add(y, tide_number(c, 1)));
    tide_close(c, scope, NULL);
    if (y != x) tide_release(y);
    y = next;
  }
  return y;
}

int main(void) {
  tide_Context *c = tide_open(NULL);
  if (!c) return 1;
  tide_Tensor *x = tide_zeros(c, NULL, 0, TIDE_FLOAT64);
  tide_set_requires_grad(x, 1);
  tide_Tensor *y = chain(c, x);
  double start = now();
  if (!y || !tide_backward(1, &y, NULL, TIDE_RETAIN_GRAPH)) { printf("%s\n", tide_error(c)); return 1; }
  double whole = now() - start, best = 1e9;
  tide_set_grad(x, NULL);
  tide_Stats before = tide_memory_stats(c);
  int failed = 0, interrupted = 0;
  for (int i = 0; i < TRIES && !failed; i++) {            /* from the first nodes' discovery on to the middle of the run */
    Clock k = {c, whole * 0.08 * (i + 0.5), 0};
    pthread_t thread;
    if (pthread_create(&thread, NULL, ring, &k)) return 1;
    int ok = tide_backward(1, &y, NULL, TIDE_RETAIN_GRAPH);
    double end = now();
    pthread_join(thread, NULL);
    if (ok) { tide_set_grad(x, NULL); tide_add(x, x); tide_clear_error(c); continue; }   /* it was quicker than the clock */
    interrupted++;
    if (tide_error_code(c) != TIDE_INTERRUPTED) failed = printf("code %d: %s\n", tide_error_code(c), tide_error(c));
    tide_clear_error(c);
    if (end - k.rung < best) best = end - k.rung;
    if (tide_get_grad(x)) failed = printf("a gradient was left in the leaf\n");
    tide_Stats m = tide_memory_stats(c);
    if (m.tensors != before.tensors || m.nodes != before.nodes) failed = printf("%lld tensors and %lld nodes too many\n", (long long)(m.tensors - before.tensors), (long long)(m.nodes - before.nodes));
  }
  if (!interrupted) failed = printf("never interrupted\n");
  else if (best > BOUND) failed = printf("the quickest of %d took %.2f ms, bound %g\n", interrupted, best, BOUND);
  else printf("whole backward %.0f ms; interrupted, it ends after %.2f ms\n", whole, best);
  if (!tide_backward(1, &y, NULL, 0) || tide_element(tide_get_grad(x), 0) != 1) failed = printf("not usable afterwards: %s\n", tide_error(c));
  tide_release(y);
  if (tide_memory_stats(c).nodes > 1) failed = printf("%lld nodes are left\n", (long long)tide_memory_stats(c).nodes);
  tide_shutdown(c);
  return failed != 0;
}
