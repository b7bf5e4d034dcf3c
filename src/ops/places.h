/*
** Where an indexing operator reads or writes. All of them pick elements of one tensor by positions that other tensors hold:
** x[i, j], gather, index_select, take, and their adjoints, which put there. What differs is only how the picked elements are laid out; the rest is
** one walk over a nest of dimensions with three operands: offsets, a dense tensor, the indexed tensor (kernels/index.c).
**
** Positions are checked while the offsets are made, before anything is written.
*/
#ifndef TIDE_OPS_PLACES_H
#define TIDE_OPS_PLACES_H

#include "ops/op.h"

typedef struct tide__Places {
  int nd;                        /* the nest: sizes of what is picked */
  int64_t shape[TIDE_MAXDIM];
  int64_t along[TIDE_MAXDIM];    /* strides in `offset`, 0 in dimensions that no index names */
  int64_t step[TIDE_MAXDIM];     /* strides in the indexed tensor, 0 in dimensions that an index names */
  int64_t *offset;               /* bytes from the first element of the indexed tensor; scratch memory */
} tide__Places;

enum { FROM_END = 1 };           /* negative positions count from the end; without it they are errors */

/* x[indices]: n entries, each TIDE_NONE (all of a dimension), integers (positions along one) or bool (a mask over as many as it has). */
int tide__places_index(tide_Call *k, tide__Places *p, const tide_Tensor *x, tide_Tensor *const *indices, int n);
/* Whole slices of x at the positions `index`, of at most one dimension, along `dim` (0 .. ndim-1). */
int tide__places_along(tide_Call *k, tide__Places *p, const tide_Tensor *x, int dim, const tide_Tensor *index, int how);
/* x[.., index[i, j, k], ..]: for each element of index, which is as deep as x and no larger but along dim. */
int tide__places_each(tide_Call *k, tide__Places *p, const tide_Tensor *x, int dim, const tide_Tensor *index);
/* The same read into output 0, which this makes, without offsets for all. */
int tide__places_gather(tide_Call *k, const tide_Tensor *x, int dim, tide_Tensor *index);
/* Elements of x counted in row-major order. */
int tide__places_flat(tide_Call *k, tide__Places *p, const tide_Tensor *x, const tide_Tensor *index);
/* Elements of x where the mask (bool, of x's sizes) holds. */
int tide__places_mask(tide_Call *k, tide__Places *p, const tide_Tensor *x, const tide_Tensor *mask);

int64_t tide__places_count(const tide__Places *p);
/* Strides with which t broadcasts to the nest; 0 where it does not fit (no error set). */
int tide__places_fit(const tide__Places *p, const tide_Tensor *t, int64_t *strides);
/* Walks: `dense` with its strides in elements (NULL: one element for all). */
void tide__places_walk(const tide__Places *p, tide__Loop loop, const tide_Tensor *x, const void *dense, int dense_dtype, const int64_t *strides);

/* Sets the error for position i of dimension dim (-1: of all the elements); returns 0. */
int tide__beyond(tide_Context *c, int64_t i, int dim, int64_t size);
/* The dimension argument as 0 .. ndim-1; -1 with the error. */
int tide__index_dim(tide_Call *k, int argument);
/* A 0-dim operand as one element of a dtype. Error: the dtype cannot hold the number (300 in uint8). */
int tide__element_as(tide_Call *k, const tide_Tensor *t, int dtype, void *bytes);
/* Zero of a dtype, expanded: what adjoints put into. */
tide_Tensor *tide__zeros_of(tide_Context *c, int dtype, const int64_t *shape, int ndim);
tide_Tensor *tide__zeros_in(tide_Node *n, tide_Tensor *g, int input);      /* with the sizes of an input of n */

#endif
