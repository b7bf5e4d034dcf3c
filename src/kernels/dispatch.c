/*
** Which level of kernels this process runs: the best that the processor has, or what TIDE_ISA asks for (base, avx2, avx512) if the
** processor has it. Chosen once; two threads that race choose the same.
*/
#include <stdlib.h>

#include "kernels/kernels.h"

typedef struct Level { const char *name; tide__LoopTable *loops; } Level;

static const Level base = {"base", tide__loops_base};

#if defined(TIDE_X86)
static const Level avx2 = {"avx2", tide__loops_avx2}, avx512 = {"avx512", tide__loops_avx512};

static const Level *choose(void) {
  const char *want = getenv("TIDE_ISA");
  int has2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  int has512 = has2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (want && !strcmp(want, "base")) return &base;
  if (want && !strcmp(want, "avx2") && has2) return &avx2;
  return has512 ? &avx512 : has2 ? &avx2 : &base;
}
#else
static const Level *choose(void) { return &base; }
#endif

static const Level *level(void) {
  static const Level *chosen;
  const Level *l = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
  if (__builtin_expect(!l, 0)) __atomic_store_n(&chosen, l = choose(), __ATOMIC_RELAXED);
  return l;
}

const char *tide__isa(void) { return level()->name; }

tide__Loop tide__loop(int row, int dtype) {
  tide__Loop f = level()->loops[row][dtype];
  return f ? f : tide__loops_base[row][dtype];
}
