/* Ranges for any machine. */
#define LEVEL base
#include "kernels/range_loops.h"
