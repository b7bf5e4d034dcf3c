/* Moves for AVX-512. */
#define LEVEL avx512
#define WIDE
#include "kernels/move_loops.h"
