/* Which level of the loops over channels this process runs. */
#include "kernels/channels.h"

const tide__Channels *tide__channels(int dtype) { return &AT_LEVEL(tide__channels)[dtype]; }
