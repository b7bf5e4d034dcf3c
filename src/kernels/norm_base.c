/* Layer normalisation for any machine. */
#define T float
#include "kernels/norm_loops.h"
#define T double
#include "kernels/norm_loops.h"

const tide__NormLoops tide__norm_base[2] = NORMS;
