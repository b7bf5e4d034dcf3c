/* MT19937: initialisation and the recurrence. */
#include "base/generator.h"

#define N TIDE_RANDOM_WORDS
#define M 397

void tide__seed(tide__Generator *g, uint64_t seed) {
  g->seed = seed;
  g->state[0] = (uint32_t)seed;
  for (uint32_t j = 1; j < N; j++) g->state[j] = 1812433253u * (g->state[j - 1] ^ (g->state[j - 1] >> 30)) + j;
  g->next = N;
  g->has_normal = 0;
}

static inline uint32_t mix(uint32_t a, uint32_t b) {
  return (((a & 0x80000000u) | (b & 0x7fffffffu)) >> 1) ^ (-(b & 1u) & 0x9908b0dfu);
}

void tide__twist(tide__Generator *g) {
  uint32_t *s = g->state;
  for (int i = 0; i < N - M; i++) s[i] = s[i + M] ^ mix(s[i], s[i + 1]);
  for (int i = N - M; i < N - 1; i++) s[i] = s[i + M - N] ^ mix(s[i], s[i + 1]);
  s[N - 1] = s[M - 1] ^ mix(s[N - 1], s[0]);
  g->next = 0;
}
