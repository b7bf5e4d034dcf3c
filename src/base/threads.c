/*
** One job at a time. A job is a number of pieces; whoever wants one takes it off the count, in one word with the job's own
** number, so that a worker that comes late takes nothing of the next job by mistake. The caller works as the others do, and
** at the end waits for pieces under way alone: a worker that sleeps, or that the system has set aside, holds nobody up.
** A worker without work looks for some for a while (SPIN), then sleeps; the caller wakes it only if the
** first piece shows that the rest is worth it.
**
** The pool belongs to whoever gets it first; a second context that comes meanwhile, in its own thread, works alone. After fork the
** child has no threads: it begins without a pool, and makes one when it needs one.
*/
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/threads.h"
#include "tide.h"

#define MAX_THREADS 64
#define MAX_PIECES  0x3fffffff
#define SPIN        4000        /* looks at the word, some 20 microseconds */
#define WORTH       40000       /* nanoseconds of work for which a sleeping worker is woken */

typedef void (*Piece)(void *arg, int64_t begin, int64_t end);

static struct Pool {
  /* the job: written by its caller before `word` is, and not changed until all pieces are done */
  Piece f;
  void *arg;
  int64_t n, grain, pieces;
  _Alignas(64) uint64_t word;   /* number of the job << 32 | pieces that nobody has taken */
  _Alignas(64) int64_t done;    /* pieces */
  _Alignas(64) int busy;        /* somebody has the pool */
  int wanted;                   /* threads, the caller's included; 0: not asked for yet */
  int workers;                  /* alive */
  int sleeping, stop;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t thread[MAX_THREADS];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static _Thread_local int inside;

#if defined(__x86_64__) || defined(__i386__)
#define relax() __builtin_ia32_pause()
#else
#define relax() ((void)0)
#endif

#define LOAD(x) __atomic_load_n(&(x), __ATOMIC_SEQ_CST)

/* Takes a piece of the job under way and does it: 1, or 0 where none is left. */
static int take(void) {
  uint64_t w = LOAD(pool.word);
  do if (!(uint32_t)w) return 0; while (!__atomic_compare_exchange_n(&pool.word, &w, w - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  int64_t begin = (pool.pieces - (int64_t)(uint32_t)w) * pool.grain, end = begin + pool.grain;
  pool.f(pool.arg, begin, end < pool.n ? end : pool.n);
  __atomic_add_fetch(&pool.done, 1, __ATOMIC_SEQ_CST);
  return 1;
}

static void sleep_until_work(void) {
  pthread_mutex_lock(&pool.lock);
  __atomic_add_fetch(&pool.sleeping, 1, __ATOMIC_SEQ_CST);
  while (!(uint32_t)LOAD(pool.word) && !LOAD(pool.stop)) pthread_cond_wait(&pool.wake, &pool.lock);
  __atomic_sub_fetch(&pool.sleeping, 1, __ATOMIC_SEQ_CST);
  pthread_mutex_unlock(&pool.lock);
}

static void *work(void *unused) {
  inside = 1;
  while (!LOAD(pool.stop)) {
    while (take()) ;
    for (int i = 0; i < SPIN && !(uint32_t)LOAD(pool.word) && !LOAD(pool.stop); i++) relax();
    if (!(uint32_t)LOAD(pool.word)) sleep_until_work();
  }
  return unused;
}

static void wake_all(void) {
  pthread_mutex_lock(&pool.lock);
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.lock);
}

/* The child of a fork: it has the caller's thread alone. (A fork inside f leaves the job to a process that is not there: f does not fork.) */
static void forget(void) {
  pthread_mutex_init(&pool.lock, NULL);
  pthread_cond_init(&pool.wake, NULL);
  pool.word = 0;
  pool.workers = pool.sleeping = pool.busy = 0;
}

/* A library in somebody else's process starts no threads unless it is told to. */
static int default_threads(void) {
  const char *s = getenv("TIDE_NUM_THREADS");
  int n = s ? atoi(s) : 1;
  return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

int tide_get_num_threads(void) {
  int n = LOAD(pool.wanted);
  if (n == 0) __atomic_store_n(&pool.wanted, n = default_threads(), __ATOMIC_SEQ_CST);
  return n;
}

/* The pool is ours while this is 1. */
static int acquire(void) { return !__atomic_exchange_n(&pool.busy, 1, __ATOMIC_SEQ_CST); }
static void release(void) { __atomic_store_n(&pool.busy, 0, __ATOMIC_SEQ_CST); }

/* Ends the workers. (Ours is the pool.) */
static void disband(void) {
  __atomic_store_n(&pool.stop, 1, __ATOMIC_SEQ_CST);
  wake_all();
  for (int i = 0; i < pool.workers; i++) pthread_join(pool.thread[i], NULL);
  pool.workers = 0;
  pool.stop = 0;
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Starts workers up to the number wanted; what cannot be had is done without. Signals are the host's threads' business. (Ours is the pool.) */
static void recruit(int threads) {
  static int registered;
  sigset_t all, old;
  if (!registered) registered = pthread_atfork(NULL, NULL, forget) == 0;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  while (registered && pool.workers < threads - 1 && pthread_create(&pool.thread[pool.workers], NULL, work, NULL) == 0) pool.workers++;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int tide_set_num_threads(int n) {
  if (n < 1) return 0;
  if (n > MAX_THREADS) n = MAX_THREADS;
  __atomic_store_n(&pool.wanted, n, __ATOMIC_SEQ_CST);
  if (inside || !acquire()) return 1;             /* (too many workers then stay until the next call) */
  if (pool.workers > n - 1) disband();
  release();
  return 1;
}

void tide__parallel(int64_t n, int64_t grain, Piece f, void *arg) {
  int threads;
  if (n <= grain || inside || (threads = tide_get_num_threads()) < 2 || !acquire()) {
    if (n > 0) f(arg, 0, n);
    return;
  }
  if (n / grain >= MAX_PIECES) grain = n / MAX_PIECES * grain + grain;
  int64_t pieces = (n + grain - 1) / grain;
  if (pool.workers < threads - 1) recruit(threads);
  pool.f = f;
  pool.arg = arg;
  pool.n = n;
  pool.grain = grain;
  pool.pieces = pieces;
  pool.done = 0;
  inside = 1;
  uint64_t number = (pool.word >> 32) + 1;
  __atomic_store_n(&pool.word, number << 32 | (uint64_t)pieces, __ATOMIC_SEQ_CST);
  if (LOAD(pool.sleeping)) {
    int64_t start = now();
    take();
    if ((now() - start) * (pieces - 1) > WORTH) wake_all();
  }
  while (take()) ;
  for (int i = 0; LOAD(pool.done) < pieces; i++) if (i < SPIN) relax(); else sched_yield();
  inside = 0;
  release();
}
