#define SUFFIX _avx2
#include "kernels/random_loops.h"
