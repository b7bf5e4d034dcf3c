/* Indexing for any machine. */
#define LEVEL base
#include "kernels/index_loops.h"
