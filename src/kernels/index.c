/*
** Elements that are named by offsets: offsets from positions, and the choice of the loops that move elements.
*/
#include "base/threads.h"
#include "kernels/index.h"
#include "kernels/move.h"

static const tide__Indexing *level(void) { return AT_LEVEL(&tide__indexing); }

typedef struct Offsets { const tide__Indexing *f; const int64_t *position; int64_t *offset, size, step, base, behind, bad; } Offsets;

static void some_offsets(void *arg, int64_t begin, int64_t end) {
  Offsets *o = arg;
  if (o->f->offsets(end - begin, o->position + begin, o->size, o->base, o->behind, o->step, o->offset + begin)) __atomic_store_n(&o->bad, 1, __ATOMIC_RELAXED);
}

int64_t tide__offsets(int64_t n, const int64_t *position, int64_t size, int base, int from_end, int64_t step, int64_t *offset) {
  int64_t behind = from_end ? size : -((int64_t)1 << 62);          /* which takes any negative position out of range */
  Offsets o = {level(), position, offset, size, step, base, behind, 0};
  tide__parallel(n, 16384, some_offsets, &o);
  for (int64_t i = 0; o.bad && i < n; i++) {
    int64_t v = position[i];
    if ((uint64_t)(v + (v < 0 ? behind : -base)) >= (uint64_t)size) return i;
  }
  return -1;
}

/* A row of a gather in pieces: their offsets stay in the cache. A piece with a position out of range is not read. */
#define PIECE 512
typedef struct Gather { const tide__Indexing *f; tide__Loop pick; int64_t size, step, base, bad; } Gather;

static void gather_block(void *arg, int64_t m, int64_t n, char *const *p, const int64_t *rs, const int64_t *cs) {
  Gather *g = arg;
  int64_t offset[PIECE], behind = -((int64_t)1 << 62);
  const int64_t s[3] = {sizeof *offset, cs[0], cs[2]};
  for (int64_t i = 0; i < m; i++)
    for (int64_t at = 0; at < n; at += PIECE) {
      int64_t k = n - at < PIECE ? n - at : PIECE;
      const int64_t *position = (const int64_t *)(void *)(p[1] + i * rs[1]) + at;
      char *const q[3] = {(char *)offset, p[0] + i * rs[0] + at * cs[0], p[2] + i * rs[2] + at * cs[2]};
      if (g->f->offsets(k, position, g->size, g->base, behind, g->step, offset)) __atomic_store_n(&g->bad, 1, __ATOMIC_RELAXED);
      else g->pick(k, q, s, NULL);
    }
}

int tide__gather(int dtype, int nd, const int64_t *shape, void *out, const int64_t *out_strides, const int64_t *position, const int64_t *position_strides, const void *x,
                 const int64_t *x_strides, int64_t size, int64_t step, int base) {
  tide__Iter it;
  size_t w = tide__size[dtype];
  Gather g = {level(), tide__pick_loop(dtype), size, step * (int64_t)w, base, 0};
  char *data[3] = {out, (char *)(uintptr_t)position, (char *)(uintptr_t)x};
  tide__iter_init(&it, nd, shape, 3, (const int64_t *[]){out_strides, position_strides, x_strides}, (size_t[]){w, sizeof *position, w});
  tide__row_blocks(&it, data, gather_block, &g);
  return !g.bad;
}

tide__Loop tide__pick_loop(int dtype) { return level()->pick[tide__width(tide__size[dtype])]; }
tide__Loop tide__place_loop(int dtype) { return level()->place[tide__width(tide__size[dtype])]; }
tide__Loop tide__fill_masked_loop(int dtype) { return level()->fill_masked[tide__width(tide__size[dtype])]; }
