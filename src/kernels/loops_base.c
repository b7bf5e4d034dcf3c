/* Pointwise loops for any machine, every dtype. */
#define LEVEL base
#define LEVEL_ALL
#include "kernels/loops.h"
