/* Steps of optimisers: one pass over a parameter, its gradient and its states (optim_loops.h). */
#ifndef TIDE_KERNELS_OPTIM_H
#define TIDE_KERNELS_OPTIM_H

#include "kernels/kernels.h"

enum {
  STEP_SGD, STEP_MOMENTUM,
  STEP_ADAM, STEP_AMSGRAD,
  STEP_RMSPROP, STEP_RMSPROP_MOMENTUM, STEP_RMSPROP_CENTERED, STEP_RMSPROP_BOTH,
  STEP_ADAGRAD, STEP_ADAMAX, STEP_NADAM, STEP_RADAM,
  TIDE_STEPS
};

/* The numbers of a step, param[]. SIGN: what the gradient is multiplied by. DECAY: times the parameter, added to the gradient. KEEP: what the parameter is multiplied
** by. Others as the loops say. */
enum { SIGN, DECAY, KEEP, RATE, MOMENTUM, GAIN, NESTEROV, FRESH, WEIGHT, BETA, COMPLEMENT, EPS, SCALE, RATE2, RECTIFY, STEP_NUMBERS };

/* n elements of the parameter, its gradient and its states, which all lie in a row and share no memory. */
typedef void (*tide__Step)(int64_t n, void *restrict param, const void *restrict grad, void *restrict a, void *restrict b, void *restrict c, const double *k);

/* Operands: the parameter, its gradient, its states, all of one dtype. In pieces, on several threads. */
void tide__step(int step, int dtype, const tide__Iter *it, char *const *data, const double *k);

typedef struct tide__Steps { tide__Step step[TIDE_STEPS][2]; } tide__Steps;      /* float32, float64 */
extern const tide__Steps tide__steps_base, tide__steps_avx2, tide__steps_avx512;

#endif
