/* Scans for any machine; every dtype. */
#define LEVEL base
#define LEVEL_ALL
#include "kernels/scan_loops.h"
