/*
** What the files of reductions share: which dimensions go, what is left, and the walk (kernels/reduce.h) over tensors.
*/
#ifndef TIDE_OPS_REDUCE_H
#define TIDE_OPS_REDUCE_H

#include "kernels/reduce.h"
#include "ops/op.h"

/* The reduced dimensions of input 0 as a mask, from a list; absent or empty: all of them. 0 with *ok = 0 on error. */
uint32_t tide__reduced(const tide_Call *k, const tide_Value *dims, int *ok);
/* One dimension; 0 on error, else 1 with the mask (0 for a 0-dim tensor). */
int tide__reduced_one(const tide_Call *k, int64_t dim, uint32_t *mask);
/* Output `output` has the sizes of input 0 without the reduced ones, or with 1 in their place. */
int tide__reduced_result(tide_Call *k, int output, int dtype, uint32_t mask, int keepdim);
/* Error (0): no elements along a reduced dimension, and the operation has no value for that. */
int tide__not_empty(const tide_Call *k, uint32_t mask);

/* Walks over x (input 0 or a conversion of it) and k's outputs: on several threads, or in order. */
void tide__reduce_walk(const tide_Call *k, const tide_Tensor *x, uint32_t mask, tide__ChunkFunction f, void *arg);
void tide__reduce_walk_in_order(const tide_Call *k, const tide_Tensor *x, uint32_t mask, tide__ChunkFunction f, void *arg);
/* A row of results into memory at a byte stride, converted. */
void tide__store(int64_t n, const double *v, int dtype, char *p, int64_t s);
void tide__store_integers(int64_t n, const int64_t *v, int dtype, char *p, int64_t s);

/* For formulas: a value of the result's sizes (its gradient, or itself), with 1 in place of the dimensions that were dropped, so that it
** broadcasts against the input. */
tide_Tensor *tide__restored(tide_Node *n, tide_Tensor *t, const tide_Tensor *g, const int64_t *dims, int ndims, int keepdim);
/* The same for one dimension. */
tide_Tensor *tide__restored_one(tide_Node *n, tide_Tensor *t, const tide_Tensor *g, int64_t dim, int keepdim);
/* Does the value have the element v (0 for a zero) or, if `or_wild`, one that is not finite? */
int tide__contains(tide_Tensor *t, double v, int or_wild);

#endif
