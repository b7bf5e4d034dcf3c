/* The loops over channels for AVX-512. */
#define T float
#include "kernels/channels_loops.h"
#define T double
#include "kernels/channels_loops.h"

const tide__Channels tide__channels_avx512[2] = {CHANNELS_OF(float), CHANNELS_OF(double)};
