/* Losses for AVX-512. */
#define T float
#include "kernels/loss_loops.h"
#define T double
#include "kernels/loss_loops.h"

const tide__Losses tide__losses_avx512 = LOSSES;
