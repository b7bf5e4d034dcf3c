/* Steps of optimisers for any machine. */
#define T float
#include "kernels/optim_loops.h"
#define T double
#include "kernels/optim_loops.h"

const tide__Steps tide__steps_base = STEPS;
