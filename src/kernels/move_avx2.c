/* Moves for AVX2. */
#define LEVEL avx2
#define WIDE
#include "kernels/move_loops.h"
