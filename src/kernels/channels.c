/* Which level of the loops over channels this process runs. */
#include "kernels/channels.h"

const tide__Channels *tide__channels(int dtype) {
#if defined(TIDE_X86)
  const char *isa = tide__isa();
  if (!strcmp(isa, "avx512")) return &tide__channels_avx512[dtype];
  if (!strcmp(isa, "avx2")) return &tide__channels_avx2[dtype];
#endif
  return &tide__channels_base[dtype];
}
