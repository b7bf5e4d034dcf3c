/* Which level of scans this process runs. */
#include "kernels/scan.h"

tide__Scan tide__scan(int scan, int dtype) {
  tide__Scan f = NULL;
#if defined(TIDE_X86)
  const char *isa = tide__isa();
  if (!strcmp(isa, "avx512")) f = tide__scans_avx512[scan][dtype];
  else if (!strcmp(isa, "avx2")) f = tide__scans_avx2[scan][dtype];
#endif
  return f ? f : tide__scans_base[scan][dtype];
}
