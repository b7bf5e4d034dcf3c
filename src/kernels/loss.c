/* Which level of the losses this process runs. */
#include "kernels/loss.h"

static const tide__Losses *losses(void) { return AT_LEVEL(&tide__losses); }

tide__Loop tide__loss(int which, int dtype) { return losses()->each[which][dtype]; }
tide__Loop tide__loss_total(int dtype) { return losses()->total[dtype]; }
