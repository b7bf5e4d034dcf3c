/* What the files of autograd share. */
#ifndef TIDE_AUTOGRAD_ENGINE_H
#define TIDE_AUTOGRAD_ENGINE_H

#include "ops/op.h"

const int64_t *tide__output_shape(const tide_Node *n, int i, int *ndim, int *dtype);
tide_Tensor *tide__unpack(tide_Node *n, tide__Saved *s, tide_Node *h, uint32_t output);
/* Runs a node's vjp: g its output gradients (TIDE_NONE where absent), gi those of the wanted inputs, fitted. */
int tide__node_run(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want);

#endif
