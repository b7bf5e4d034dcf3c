/*
** The pool of threads: the same bits at any number of threads, several contexts at once, numbers that change under work, fork.
*/
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tide.h"

#define N 400000

static int failed;
static void expect(int ok, const char *what) { if (!ok) { printf("FAILED: %s\n", what); failed = 1; } }

/* Work that is split, into out. */
static void compute(float *out) {
  tide_Context *c = tide_open(NULL);
  float *x = malloc(N * sizeof *x);
  for (int i = 0; i < N; i++) x[i] = (float)(i % 1000) / 250 - 2;
  tide_Tensor *t = tide_from_data(c, TIDE_FLOAT32, 1, (int64_t[]){N}, x);
  tide_Tensor *y = tide_add(tide_mul(tide_exp(t), t), tide_sum(tide_tanh(t), -1));
  if (y) memcpy(out, tide_data(y), N * sizeof *out); else memset(out, 0, N * sizeof *out);
  free(x);
  tide_shutdown(c);
}

static void *again(void *arg) {
  float *expected = arg, *mine = malloc(N * sizeof *mine);
  long bad = 0;
  for (int i = 0; i < 20; i++) { compute(mine); bad += memcmp(mine, expected, N * sizeof *mine) != 0; }
  free(mine);
  return (void *)bad;
}

int main(void) {
  float *one = malloc(N * sizeof *one), *many = malloc(N * sizeof *many);
  expect(tide_get_num_threads() >= 1, "there is a thread");
  expect(!tide_set_num_threads(0) && !tide_set_num_threads(-1), "no threads are an error");
  tide_set_num_threads(1);
  compute(one);
  expect(one[N - 1] != 0, "there is a result");
  for (int n = 1; n <= 8; n++) {
    expect(tide_set_num_threads(n) && tide_get_num_threads() == n, "the number of threads is the one that was set");
    compute(many);
    expect(!memcmp(one, many, N * sizeof *one), "results do not depend on the number of threads");
  }
  pthread_t t[3];
  for (int i = 0; i < 3; i++) expect(pthread_create(&t[i], NULL, again, one) == 0, "a thread of the host's");
  for (int n = 1; n <= 60; n++) { tide_set_num_threads(n % 4 + 1); usleep(500); }
  for (int i = 0; i < 3; i++) {
    void *bad;
    pthread_join(t[i], &bad);
    expect(!bad, "contexts in several threads do not disturb each other");
  }
  tide_set_num_threads(4);
  compute(many);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 3; i++) { compute(many); if (memcmp(one, many, N * sizeof *one)) _exit(1); }
    _exit(0);
  }
  int status = 1;
  expect(child > 0 && waitpid(child, &status, 0) == child && status == 0, "the child of a fork computes the same");
  compute(many);
  expect(!memcmp(one, many, N * sizeof *one), "and so does its parent");
  usleep(20000);
  compute(many);
  expect(!memcmp(one, many, N * sizeof *one), "workers that slept wake up");
  free(one);
  free(many);
  return failed;
}
