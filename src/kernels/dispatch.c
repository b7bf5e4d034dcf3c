/*
** Which level of kernels this process runs: the best that the processor has, or what TIDE_ISA asks for (base, avx2, avx512) if the
** processor has it. Chosen once; two threads that race choose the same.
*/
#include <stdlib.h>

#include "kernels/kernels.h"

#if defined(TIDE_X86)
static int choose(void) {
  const char *want = getenv("TIDE_ISA");
  int has2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  int has512 = has2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (want && !strcmp(want, "base")) return TIDE_BASE;
  if (want && !strcmp(want, "avx2") && has2) return TIDE_AVX2;
  return has512 ? TIDE_AVX512 : has2 ? TIDE_AVX2 : TIDE_BASE;
}
#else
static int choose(void) { return TIDE_BASE; }
#endif

int tide__level(void) {
  static int chosen = -1;
  int level = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
  if (__builtin_expect(level < 0, 0)) __atomic_store_n(&chosen, level = choose(), __ATOMIC_RELAXED);
  return level;
}

tide__Loop tide__loop(int row, int dtype) {
  tide__Loop f = AT_LEVEL(tide__loops)[row][dtype];
  return f ? f : tide__loops_base[row][dtype];
}
