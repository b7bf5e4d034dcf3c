/* Which level of layer normalisation this process runs, and its rows and columns in pieces for threads. */
#include "base/threads.h"
#include "kernels/norm.h"

static const tide__NormLoops *loops(int dtype) { return &AT_LEVEL(tide__norm)[dtype]; }

typedef struct Job { const tide__Norm *t; tide__NormFunction f; } Job;

static void piece(void *arg, int64_t begin, int64_t end) {
  const Job *job = arg;
  job->f(job->t, begin, end);
}

#define GRAIN 16384
static int64_t grain(int64_t each) { return each < GRAIN ? GRAIN / (each ? each : 1) : 1; }

void tide__norm(int dtype, const tide__Norm *t) { tide__parallel(t->rows, grain(t->n), piece, &(Job){t, loops(dtype)->rows}); }

void tide__norm_backward(int dtype, const tide__Norm *t) {
  if (t->dx) tide__parallel(t->rows, grain(t->n), piece, &(Job){t, loops(dtype)->slopes});
  if (t->dweight || t->dbias) tide__parallel(t->n, grain(t->rows) < 256 ? 256 : grain(t->rows), piece, &(Job){t, loops(dtype)->sums});
}
