/* Dropout as PyTorch composes it: a mask of bernoulli numbers, scaled, by which the input is multiplied. */
#include <math.h>

#include "ops/op.h"

enum { CHANNELS = 1, ALPHA = 2 };

/* Where one number is drawn for a channel, the mask has size 1 in all dimensions but the first two. */
static tide_Tensor *fresh_mask(tide_Tensor *x, int how) {
  int64_t shape[TIDE_MAXDIM];
  if (!(how & CHANNELS)) return tide_empty_like(x, -1);
  if (x->ndim < 2) return tide__fail(x->ctx, TIDE_ESHAPE, "at least 2 dimensions are wanted, a batch of channels, not sizes %s", SHAPE_TEXT(x));
  for (int d = 0; d < x->ndim; d++) shape[d] = d < 2 ? x->shape[d] : 1;
  return tide_new_empty(x, shape, x->ndim, -1);
}

static tide_Tensor *times(tide_Tensor *x, tide_Tensor *mask, int inplace) { return inplace ? tide_mul_(x, mask) : tide_mul(x, mask); }

static tide_Tensor *dropout(tide_Tensor *x, double p, int training, int inplace, int how) {
  if (!x) return NULL;
  tide_Context *c = x->ctx;
  if (!(p >= 0 && p <= 1)) return tide__fail(c, TIDE_EVALUE, "p is %g, no probability from 0 to 1", p);
  if (p == 0 || !training || x->n == 0) return x;
  if (!tide__is_float(x->dtype)) return tide__fail(c, TIDE_EDTYPE, "input is %s; a float tensor is wanted", tide_dtype_name(x->dtype));
  if (p == 1) return times(x, tide_zeros(c, NULL, 0, x->dtype), inplace);
  tide_Tensor *mask = tide_bernoulli_fill_(fresh_mask(x, how), 1 - p);
  if (!(how & ALPHA)) return times(x, tide_div_(mask, tide_number(c, 1 - p)), inplace);
  /* what is dropped becomes -alpha; then all is brought back to mean 0 and variance 1 */
  double alpha = 1.7580993408473766, a = 1 / sqrt((alpha * alpha * p + 1) * (1 - p));
  tide_Tensor *shift = tide_add(mask, tide_integer(c, -1));
  shift = tide_add_(tide_mul_(shift, tide_number(c, alpha * a)), tide_number(c, alpha * a * p));
  return tide_add_(times(x, tide_mul_(mask, tide_number(c, a)), inplace), shift);
}

/* Channels with as many dimensions in all as `full`, or one less: then there is no batch. */
static tide_Tensor *dropout_channels(tide_Tensor *x, double p, int training, int inplace, int full) {
  if (!x) return NULL;
  if (x->ndim == full) return dropout(x, p, training, inplace, CHANNELS);
  if (x->ndim != full - 1) return tide__fail(x->ctx, TIDE_ESHAPE, "%d or %d dimensions are wanted, channels or a batch of them, not sizes %s", full - 1, full, SHAPE_TEXT(x));
  tide_Tensor *y = dropout(tide_unsqueeze(x, 0), p, training, inplace, CHANNELS);
  return inplace ? (y ? x : NULL) : tide_squeeze_dim(y, 0);
}

#define TABLE "ops/dropout.def"
#include "ops/define.h"
