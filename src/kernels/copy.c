/*
** Copies, with and without conversion, and fills. Without one, elements are but bytes: blocks of two dimensions are moved, or, where the source lies
** across, tiles turned on the way.
*/

#include "kernels/move.h"

const tide__Moves *tide__moves(void) { return AT_LEVEL(&tide__moves); }

tide__Loop tide__copy_loop(int to, int from) {
  tide__Loop f = tide__moves()->convert[to][from];
  return f ? f : tide__moves_base.convert[to][from];
}

static void move_block(void *arg, int64_t m, int64_t n, char *const *p, const int64_t *rs, const int64_t *cs) {
  const tide__Move *move = arg;
  (*move)(m, n, p[0], rs[0], cs[0], p[1], rs[1], cs[1]);
}

static void turn_tile(void *arg, int64_t m, int64_t n, char *const *p, const int64_t *rs, const int64_t *cs) {
  const tide__Transpose *transpose = arg;
  (*transpose)(m, n, p[0], rs[0], p[1], cs[1]);
}

/* The same elements with dimension d walked backwards. */
static void reverse(tide__Iter *it, char **data, int d) {
  for (int k = 0; k < it->nop; k++) {
    data[k] += (it->shape[d] - 1) * it->stride[k][d];
    it->stride[k][d] = -it->stride[k][d];
  }
}

static void move(tide__Iter *it, char **data) {
  int width = tide__width(it->size[0]), d = tide__lies_across(it, 1);
  for (int i = 0; i < it->nd; i++) if (it->shape[i] == 0) return;
  if (d < 0) { tide__row_blocks(it, data, move_block, (void *)(uintptr_t)&tide__moves()->move[width]); return; }
  if (it->stride[1][d] < 0) reverse(it, data, d);
  tide__bring_in(it, d);
  tide__blocks(it, data, TIDE_TILE_LINE / it->size[0], TIDE_TILE_COLUMNS, turn_tile, (void *)(uintptr_t)&tide__moves()->transpose[width]);
}

void tide__copy(int nd, const int64_t *shape, int to, void *out, const int64_t *out_strides, int from, const void *in, const int64_t *in_strides) {
  tide__Iter it;
  char *data[2] = {out, (char *)(uintptr_t)in};
  tide__iter_init(&it, nd, shape, 2, (const int64_t *[]){out_strides, in_strides}, (size_t[]){tide__size[to], tide__size[from]});
  if (to == from) move(&it, data);
  else tide__map(&it, data, tide__copy_loop(to, from), NULL);
}

void tide__fill(int nd, const int64_t *shape, int dtype, void *out, const int64_t *strides, const void *value) {
  static const int64_t still[TIDE_MAXDIM];
  tide__Iter it;
  char *data[2] = {out, (char *)(uintptr_t)value};
  size_t w = tide__size[dtype];
  tide__iter_init(&it, nd, shape, 2, (const int64_t *[]){strides, still}, (size_t[]){w, w});
  tide__row_blocks(&it, data, move_block, (void *)(uintptr_t)&tide__moves()->move[tide__width(w)]);
}
