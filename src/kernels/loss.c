/* Which level of the losses this process runs. */
#include "kernels/loss.h"

static const tide__Losses *losses(void) {
#if defined(TIDE_X86)
  const char *isa = tide__isa();
  if (!strcmp(isa, "avx512")) return &tide__losses_avx512;
  if (!strcmp(isa, "avx2")) return &tide__losses_avx2;
#endif
  return &tide__losses_base;
}

tide__Loop tide__loss(int which, int dtype) { return losses()->each[which][dtype]; }
tide__Loop tide__loss_total(int dtype) { return losses()->total[dtype]; }
