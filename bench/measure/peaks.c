/*
** What this machine can do, measured now: the multiplications and additions of float32 a second, and the bytes a second of
** memory, for working sets from the first cache to none. Bounds of a comparison are made of these.
**    peaks THREADS
** prints `flops N`, then `bytes SIZE N` for each size: the best of reading, copying, and adding two arrays into a third, with
** plain stores and with stores that go past the caches.
*/
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { LANES = 16, CHAINS = 24 };
#elif defined(__AVX__)
enum { LANES = 8, CHAINS = 12 };
#else
enum { LANES = 4, CHAINS = 12 };
#endif
typedef float Vector __attribute__((vector_size(LANES * 4), may_alias));

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

typedef struct Job { float *a, *b, *c; size_t n; int kind; int64_t repeats; float sink; } Job;

static int ready, go;                                                   /* threads that wait for the start; the start */

/* Independent chains of multiply-add, as many as keep the units busy. */
static float multiply_add(int64_t repeats) {
  Vector x[CHAINS], m, s = {0};
  for (int l = 0; l < LANES; l++) m[l] = 0.999f;
  for (int i = 0; i < CHAINS; i++) x[i] = m * (float)i;
  for (int64_t r = 0; r < repeats; r++) {
#pragma GCC unroll 32
    for (int i = 0; i < CHAINS; i++) x[i] = x[i] * m + m;
  }
  for (int i = 0; i < CHAINS; i++) s += x[i];
  return s[0];
}

static float read_all(const float *a, size_t n) {
  Vector s[8] = {{0}};
  const Vector *v = (const Vector *)a;
  for (size_t i = 0; i + 8 <= n / LANES; i += 8) {
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++) s[k] += v[i + k];
  }
  for (int k = 1; k < 8; k++) s[0] += s[k];
  return s[0][0];
}

static void triad(const float *a, const float *b, float *c, size_t n) {
  for (size_t i = 0; i < n; i++) c[i] = a[i] + b[i];
}

static void triad_past(const float *a, const float *b, float *c, size_t n) {
#if defined(__AVX512F__)
  for (size_t i = 0; i < n; i += 16) _mm512_stream_ps(c + i, _mm512_add_ps(_mm512_load_ps(a + i), _mm512_load_ps(b + i)));
#elif defined(__AVX__)
  for (size_t i = 0; i < n; i += 8) _mm256_stream_ps(c + i, _mm256_add_ps(_mm256_load_ps(a + i), _mm256_load_ps(b + i)));
#else
  triad(a, b, c, n);
#endif
}

enum { STEPS = 100000 };
enum { FMA, READ, COPY, TRIAD, PAST, KINDS };

static void *work(void *arg) {
  Job *j = arg;
  __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
  while (!__atomic_load_n(&go, __ATOMIC_SEQ_CST)) ;
  if (j->kind == FMA) { j->sink = multiply_add(j->repeats); return NULL; }
  for (int64_t r = 0; r < j->repeats; r++) {
    switch (j->kind) {
      case READ: j->sink += read_all(j->a, j->n); break;
      case COPY: memcpy(j->c, j->a, j->n * 4); break;
      case TRIAD: triad(j->a, j->b, j->c, j->n); break;
      default: triad_past(j->a, j->b, j->c, j->n);
    }
    __asm__ volatile("" ::: "memory");
  }
  return NULL;
}

/* The shortest of many runs of all jobs at once, in seconds: each so short that some meet nothing else that runs. */
static double fastest(Job *jobs, int threads) {
  double best = 1e9;
  for (int round = 0; round < 40; round++) {
    pthread_t ids[64];
    ready = go = 0;
    for (int i = 1; i < threads; i++) if (pthread_create(&ids[i], NULL, work, &jobs[i])) abort();
    while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < threads - 1) sched_yield();
    double start = now();
    __atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
    work(&jobs[0]);
    for (int i = 1; i < threads; i++) pthread_join(ids[i], NULL);
    double taken = now() - start;
    if (taken < best) best = taken;
  }
  return best;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  if (threads < 1) threads = 1;
  if (threads > 64) threads = 64;
  Job jobs[64] = {{0}};
  for (int i = 0; i < threads; i++) { jobs[i].kind = FMA; jobs[i].repeats = STEPS; }
  printf("flops %.4g\n", 2.0 * LANES * CHAINS * STEPS * threads / fastest(jobs, threads));

  size_t most = (size_t)192 << 20, apart = (2 << 10) + 64;              /* bytes of all arrays; a shift, lest they share sets of the caches */
  char *memory;
  if (posix_memalign((void **)&memory, 2 << 20, most + 4 * apart)) return 1;
#if defined(MADV_HUGEPAGE)
  madvise(memory, most, MADV_HUGEPAGE);
#endif
  memset(memory, 0, most + 4 * apart);
  static const int arrays[KINDS] = {0, 1, 2, 3, 3};
  for (size_t total = 12 << 10; total <= most; total *= 4) {
    double best = 0;
    for (int kind = READ; kind < KINDS; kind++) {
      size_t each = total / arrays[kind] / threads / 4 & ~(size_t)1023;       /* elements */
      if (!each) each = 1024;
      int64_t repeats = (int64_t)(50e6 / (each * arrays[kind] * 4)) + 1;
      for (int i = 0; i < threads; i++) {
        float *array[3];
        for (int k = 0; k < 3; k++) array[k] = (float *)(memory + (k % arrays[kind]) * (most / arrays[kind] + apart)) + i * each;
        jobs[i] = (Job){array[0], array[1], array[kind == COPY ? 1 : 2], each, kind, repeats, 0};
      }
      double rate = 4.0 * each * arrays[kind] * threads * repeats / fastest(jobs, threads);
      if (rate > best) best = rate;
    }
    printf("bytes %zu %.4g\n", total, best);
  }
  free(memory);
  return 0;
}
