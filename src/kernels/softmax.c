/* Which level of softmax this process runs, and its walk over lines, which threads share. */
#include "base/threads.h"
#include "kernels/move.h"
#include "kernels/softmax.h"

static const tide__Softmax *chosen(int which, int dtype) { return &AT_LEVEL(tide__softmax)[which][dtype]; }

/* Lines one after the other (inner is 1), or `across` groups of lines side by side in each of the outer parts. */
typedef struct Job { const tide__Softmax *f; const tide__Lines *lines; int64_t n, inner, across, size; } Job;

static tide__Lines from(const Job *job, int64_t element, int64_t line) {
  const tide__Lines *l = job->lines;
  int64_t bytes = element * job->size;
  return (tide__Lines){(const char *)l->a + bytes, l->b ? (const char *)l->b + bytes : NULL, l->to ? (char *)l->to + bytes : NULL,
                       l->sum ? l->sum + line : NULL, l->scale ? l->scale + line : NULL, l->shift ? l->shift + line : NULL};
}

static void some_lines(void *arg, int64_t begin, int64_t end) {
  const Job *job = arg;
  for (int64_t i = begin; i < end; i++) {
    if (job->inner == 1) {
      tide__Lines l = from(job, i * job->n, i);
      job->f->line(job->n, 1, 1, &l);
      continue;
    }
    int64_t o = i / job->across, j = i % job->across * TIDE_SOFTMAX_COLUMNS, w = job->inner - j;
    tide__Lines l = from(job, o * job->n * job->inner + j, o * job->inner + j);
    job->f->columns(job->n, job->inner, w < TIDE_SOFTMAX_COLUMNS ? w : TIDE_SOFTMAX_COLUMNS, &l);
  }
}

/* Short lines one after the other are not worth a call each: so many as a tile has room for are turned, worked on side by side and turned back. */
#define SHORT 64                         /* elements of a line that is short */
#define TILE  16384                      /* bytes */

static int64_t lines_of_tile(int64_t n, int64_t size) {
  int64_t w = TILE / (n * size) / 16 * 16;
  return w < TIDE_SOFTMAX_COLUMNS ? w : TIDE_SOFTMAX_COLUMNS;
}

static void some_tiles(void *arg, int64_t begin, int64_t end) {
  _Alignas(64) char a[TILE], b[TILE];
  const Job *job = arg;
  int64_t n = job->n, size = job->size, most = lines_of_tile(n, size);
  tide__Transpose turn = tide__moves()->transpose[tide__width((size_t)size)];
  for (int64_t at = begin, w; at < end; at += w) {
    w = end - at < most ? end - at : most;
    tide__Lines l = from(job, at * n, at);
    char *to = l.to;
    turn(n, w, a, w * size, l.a, n * size);
    if (l.b) turn(n, w, b, w * size, l.b, n * size);
    l.a = l.to = a;
    l.b = b;
    job->f->columns(n, w, w, &l);
    if (to) turn(w, n, to, n * size, a, w * size);
  }
}

#define GRAIN 8192

void tide__softmax(int which, int dtype, int64_t outer, int64_t n, int64_t inner, const tide__Lines *l) {
  int64_t across = (inner + TIDE_SOFTMAX_COLUMNS - 1) / TIDE_SOFTMAX_COLUMNS, each = inner < TIDE_SOFTMAX_COLUMNS ? n * inner : n * TIDE_SOFTMAX_COLUMNS;
  Job job = {chosen(which, dtype), l, n, inner, across, (int64_t)tide__size[dtype]};
  if (inner == 1 && outer >= 8 && n > 0 && n <= SHORT) {
    int64_t tile = lines_of_tile(n, job.size);
    tide__parallel(outer, tile * ((GRAIN + tile * n - 1) / (tile * n)), some_tiles, &job);
    return;
  }
  tide__parallel(outer * across, each < GRAIN ? GRAIN / (each ? each : 1) : 1, some_lines, &job);
}
