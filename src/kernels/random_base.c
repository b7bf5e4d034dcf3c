#define SUFFIX _base
#include "kernels/random_loops.h"
