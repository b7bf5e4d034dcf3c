/* Products for any machine, with vectors of 16 bytes. */
#define BYTES 16
#define ROWS 4
#define FMA_float(a, b, c)  ((a) * (b) + (c))
#define FMA_double(a, b, c) ((a) * (b) + (c))
#define T float
#include "kernels/gemm_loops.h"
#define T double
#include "kernels/gemm_loops.h"

tide__GemmTable tide__gemm_base = {GEMM(float), GEMM(double)};
