/* Scans for AVX-512. */
#define LEVEL avx512
#define WIDE
#include "kernels/scan_loops.h"
