/* Reductions for any machine, every dtype. */
#define LEVEL base
#define LEVEL_ALL
#include "kernels/reduce_loops.h"
