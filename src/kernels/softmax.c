/* Which level of softmax this process runs. */
#include "kernels/softmax.h"

tide__Softmax tide__softmax(int which, int dtype) {
#if defined(TIDE_X86)
  const char *isa = tide__isa();
  if (!strcmp(isa, "avx512")) return tide__softmax_avx512[which][dtype];
  if (!strcmp(isa, "avx2")) return tide__softmax_avx2[which][dtype];
#endif
  return tide__softmax_base[which][dtype];
}
