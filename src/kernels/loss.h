/* Losses element by element, per dtype and instruction-set level (loss_loops.h). */
#ifndef TIDE_KERNELS_LOSS_H
#define TIDE_KERNELS_LOSS_H

#include "kernels/kernels.h"

enum {
  LOSS_MSE,              /* (x - t)^2 */
  LOSS_SMOOTH_L1,        /* d = |x - t|: d^2 / (2 beta) below beta = param[0], else d - beta / 2 */
  LOSS_HUBER,            /* d^2 / 2 below delta = param[0], else delta (d - delta / 2) */
  LOSS_BCE,              /* -w (t log x + (1 - t) log (1 - x)), logarithms not below -100 */
  LOSS_BCE_LOGITS,       /* the same of sigmoid(x), with v in front of t log x */
  TIDE_LOSSES
};

/* Operands: y, x, t, and of the last two w, of the last one v. */
tide__Loop tide__loss(int which, int dtype);

/* Operand 0 (with stride 0) of the loop that adds up what another one gives. */
typedef struct tide__LossTotal { tide__Loop each; double sum; } tide__LossTotal;
tide__Loop tide__loss_total(int dtype);

typedef struct tide__Losses { tide__Loop each[TIDE_LOSSES][2], total[2]; } tide__Losses;      /* float32, float64 */
extern const tide__Losses tide__losses_base, tide__losses_avx2, tide__losses_avx512;

#endif
