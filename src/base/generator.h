/*
** The random engine: 32-bit Mersenne Twister (Matsumoto and Nishimura 1998), seeded and read as PyTorch's CPU generator is.
*/
#ifndef TIDE_BASE_GENERATOR_H
#define TIDE_BASE_GENERATOR_H

#include <stdint.h>

#define TIDE_RANDOM_WORDS 624

typedef struct tide__Generator {
  uint64_t seed;
  uint32_t state[TIDE_RANDOM_WORDS];
  int next;                 /* the next word to give; TIDE_RANDOM_WORDS: time to make new ones */
  int has_normal;           /* a second sample of the last pair is waiting */
  double normal;
} tide__Generator;

void tide__seed(tide__Generator *g, uint64_t seed);     /* only the low 32 bits count, as in PyTorch */
void tide__twist(tide__Generator *g);

static inline uint32_t tide__temper(uint32_t y) {
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

static inline uint32_t tide__random32(tide__Generator *g) {
  if (g->next >= TIDE_RANDOM_WORDS) tide__twist(g);
  return tide__temper(g->state[g->next++]);
}

/* Two words, the first is the high one. */
static inline uint64_t tide__random64(tide__Generator *g) {
  uint64_t high = tide__random32(g);
  return high << 32 | tide__random32(g);
}

/* In [0, 1): multiples of 2^-24 and 2^-53. */
static inline float tide__uniform24(tide__Generator *g) { return (float)(tide__random32(g) & 0xffffff) * 0x1p-24f; }
static inline double tide__uniform53(tide__Generator *g) { return (double)(tide__random64(g) & 0x1fffffffffffffULL) * 0x1p-53; }

#endif
