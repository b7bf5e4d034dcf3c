/* The loops over channels for any machine. */
#define T float
#include "kernels/channels_loops.h"
#define T double
#include "kernels/channels_loops.h"

const tide__Channels tide__channels_base[2] = {CHANNELS_OF(float), CHANNELS_OF(double)};
