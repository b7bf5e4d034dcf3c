/* Steps of optimisers for AVX2. */
#define T float
#include "kernels/optim_loops.h"
#define T double
#include "kernels/optim_loops.h"

const tide__Steps tide__steps_avx2 = STEPS;
