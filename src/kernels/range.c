/* Which level of ranges this process runs, in pieces for threads. */
#include "base/threads.h"
#include "kernels/range.h"

static const tide__Ranges *level(void) { return AT_LEVEL(&tide__ranges); }

typedef struct Job { const tide__Range *r; tide__RangeFunction f; } Job;

static void piece(void *arg, int64_t begin, int64_t end) {
  const Job *job = arg;
  job->f(job->r, begin, end);
}

void tide__range(int dtype, const tide__Range *r) { tide__parallel(r->n, 16384, piece, &(Job){r, level()->steps[dtype]}); }
void tide__spaced(int dtype, const tide__Range *r) { tide__parallel(r->n, 16384, piece, &(Job){r, level()->spaced[dtype]}); }
