/* Moves for any machine; every dtype. */
#define LEVEL base
#define LEVEL_ALL
#include "kernels/move_loops.h"
