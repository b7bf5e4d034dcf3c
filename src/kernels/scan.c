/* Which level of scans this process runs. */
#include "kernels/scan.h"

tide__Scan tide__scan(int scan, int dtype) {
  tide__Scan f = AT_LEVEL(tide__scans)[scan][dtype];
  return f ? f : tide__scans_base[scan][dtype];
}
