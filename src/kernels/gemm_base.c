/* Products for any machine, with vectors of 16 bytes. */
#include <string.h>

#define BYTES 16
#define ROWS 4
#define EACH_TILE(X) X(1) X(2) X(3) X(4)

#define FMA_float(a, b, c)    ((a) * (b) + (c))
#define FMA_double(a, b, c)   ((a) * (b) + (c))
#define LOAD_float(p, n)      part_float(p, n)
#define LOAD_double(p, n)     part_double(p, n)
#define STORE_float(p, n, v)  memcpy(p, &(v), (size_t)(n) * sizeof(float))
#define STORE_double(p, n, v) memcpy(p, &(v), (size_t)(n) * sizeof(double))
#define LOW_float(a, b)       ((lanes_float){a[0], b[0], a[1], b[1]})
#define HIGH_float(a, b)      ((lanes_float){a[2], b[2], a[3], b[3]})
#define LOW_double(a, b)      ((lanes_double){a[0], b[0]})
#define HIGH_double(a, b)     ((lanes_double){a[1], b[1]})

typedef float lanes_float __attribute__((vector_size(BYTES)));
typedef double lanes_double __attribute__((vector_size(BYTES)));
static inline lanes_float part_float(const float *p, int n) { lanes_float v = {0}; memcpy(&v, p, (size_t)n * sizeof *p); return v; }
static inline lanes_double part_double(const double *p, int n) { lanes_double v = {0}; memcpy(&v, p, (size_t)n * sizeof *p); return v; }

#define T float
#include "kernels/gemm_loops.h"
#define T double
#include "kernels/gemm_loops.h"

tide__GemmTable tide__gemm_base = {GEMM(float), GEMM(double)};
