/* Scans for AVX2. */
#define LEVEL avx2
#define WIDE
#include "kernels/scan_loops.h"
