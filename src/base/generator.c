/* MT19937: initialisation and the recurrence. */
#include "base/generator.h"

void tide__seed(tide__Generator *g, uint64_t seed) {
  g->seed = seed;
  g->state[0] = (uint32_t)seed;
  for (uint32_t j = 1; j < 624; j++) g->state[j] = 1812433253u * (g->state[j - 1] ^ (g->state[j - 1] >> 30)) + j;
  g->next = 624;
  g->has_normal = 0;
}

void tide__twist(tide__Generator *g) {
  uint32_t *s = g->state;
  for (int i = 0; i < 624; i++) {
    uint32_t y = (s[i] & 0x80000000u) | (s[(i + 1) % 624] & 0x7fffffffu);
    s[i] = s[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
  }
  g->next = 0;
}
