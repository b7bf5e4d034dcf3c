/*
** Random fills: the streams of PyTorch's CPU generator, bit for bit. Out is written in the order of memory, the smallest stride innermost, whatever
** the order of its dimensions; strides count elements. Nothing here can fail: arguments have been checked.
*/
#ifndef TIDE_KERNELS_RANDOM_H
#define TIDE_KERNELS_RANDOM_H

#include "base/generator.h"
#include "kernels/kernels.h"

/* Where to write. */
typedef struct tide__Target { int dtype, nd; const int64_t *shape, *strides; void *data; int contiguous; int64_t n; } tide__Target;

/* low + u (high - low), fused; float dtypes. */
void tide__random_uniform(tide__Generator *g, const tide__Target *t, double low, double high);
/* mean + std z, fused; float dtypes. Contiguous memory of 16 and more in blocks, else one by one, two from a pair. */
void tide__random_normal(tide__Generator *g, const tide__Target *t, double mean, double std);
void tide__random_exponential(tide__Generator *g, const tide__Target *t, double rate);
/* 1 with probability p, else 0; any dtype. */
void tide__random_bernoulli(tide__Generator *g, const tide__Target *t, double p);
/* The same with a probability for each: float dtype, the shape of t. */
void tide__random_bernoulli_each(tide__Generator *g, const tide__Target *t, int dtype, const void *p, const int64_t *strides);
/* low + word % range; 64-bit words if wide. */
void tide__random_integers(tide__Generator *g, const tide__Target *t, int64_t low, uint64_t range, int wide);
/* A permutation of base .. base + n-1 into contiguous memory. */
void tide__random_permutation(tide__Generator *g, int dtype, void *out, int64_t n, int base);

/* The hot ones per level. */
void tide__uniform_f32_base(tide__Generator *g, float *p, int64_t n, float low, float high);
void tide__normal_f32_base(tide__Generator *g, float *p, int64_t n, float mean, float std);
void tide__uniform_f32_avx2(tide__Generator *g, float *p, int64_t n, float low, float high);
void tide__normal_f32_avx2(tide__Generator *g, float *p, int64_t n, float mean, float std);

#endif
