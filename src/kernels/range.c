/* Which level of ranges this process runs, in pieces for threads. */
#include "base/threads.h"
#include "kernels/range.h"

static const tide__Ranges *level(void) {
#if defined(TIDE_X86)
  const char *isa = tide__isa();
  if (!strcmp(isa, "avx512")) return &tide__ranges_avx512;
  if (!strcmp(isa, "avx2")) return &tide__ranges_avx2;
#endif
  return &tide__ranges_base;
}

typedef struct Job { const tide__Range *r; tide__RangeFunction f; } Job;

static void piece(void *arg, int64_t begin, int64_t end) {
  const Job *job = arg;
  job->f(job->r, begin, end);
}

void tide__range(int dtype, const tide__Range *r) { tide__parallel(r->n, 16384, piece, &(Job){r, level()->steps[dtype]}); }
void tide__spaced(int dtype, const tide__Range *r) { tide__parallel(r->n, 16384, piece, &(Job){r, level()->spaced[dtype]}); }
