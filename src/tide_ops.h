/*
** The operators of tide, in the order of the tables. Written by tools/ops_header from src/ops (the .def files, which also state
** shapes, dtypes and errors in their comments): do not edit.
**
** Operators given NULL return NULL; errors are in the context. TIDE_NONE stands for an absent optional tensor; numbers as operands
** are made with tide_number, tide_integer, tide_boolean. Dimensions and positions count from 0, negative ones from the end; a list
** of dimensions (NULL, -1) means all. dtype -1: the default. A name that ends in _ writes into its first tensor and returns it.
*/
#ifndef TIDE_OPS_H
#define TIDE_OPS_H

/* a + b, broadcasting. */
TIDE_API tide_Tensor *tide_add(tide_Tensor *input, tide_Tensor *other);
/* a - b, broadcasting. */
TIDE_API tide_Tensor *tide_sub(tide_Tensor *input, tide_Tensor *other);
/* other - input. */
TIDE_API tide_Tensor *tide_rsub(tide_Tensor *input, tide_Tensor *other);
/* a * b, broadcasting. */
TIDE_API tide_Tensor *tide_mul(tide_Tensor *input, tide_Tensor *other);
/* a / b as floats, broadcasting. */
TIDE_API tide_Tensor *tide_div(tide_Tensor *input, tide_Tensor *other);
/* -x. */
TIDE_API tide_Tensor *tide_neg(tide_Tensor *input);
/* |x|; the gradient at 0 is 0. */
TIDE_API tide_Tensor *tide_abs(tide_Tensor *input);
/* -1, 0 or 1. */
TIDE_API tide_Tensor *tide_sign(tide_Tensor *input);
/* 1 / x. */
TIDE_API tide_Tensor *tide_reciprocal(tide_Tensor *input);
/* input to the power of a number. */
TIDE_API tide_Tensor *tide_pow_scalar(tide_Tensor *input, tide_Tensor *exponent);
/* input to the power of exponent. */
TIDE_API tide_Tensor *tide_pow(tide_Tensor *input, tide_Tensor *exponent);
/* Square root. */
TIDE_API tide_Tensor *tide_sqrt(tide_Tensor *input);
/* e^x. */
TIDE_API tide_Tensor *tide_exp(tide_Tensor *input);
/* Natural logarithm. */
TIDE_API tide_Tensor *tide_log(tide_Tensor *input);
/* Sine of radians. */
TIDE_API tide_Tensor *tide_sin(tide_Tensor *input);
/* Cosine of radians. */
TIDE_API tide_Tensor *tide_cos(tide_Tensor *input);
/* Hyperbolic tangent. */
TIDE_API tide_Tensor *tide_tanh(tide_Tensor *input);
/* 1 / (1 + e^-x). */
TIDE_API tide_Tensor *tide_sigmoid(tide_Tensor *input);
/* max(x, 0); the gradient at 0 is 0. */
TIDE_API tide_Tensor *tide_relu(tide_Tensor *input);
/* a == b. */
TIDE_API tide_Tensor *tide_eq(tide_Tensor *input, tide_Tensor *other);
/* a != b. */
TIDE_API tide_Tensor *tide_ne(tide_Tensor *input, tide_Tensor *other);
/* a < b. */
TIDE_API tide_Tensor *tide_lt(tide_Tensor *input, tide_Tensor *other);
/* a <= b. */
TIDE_API tide_Tensor *tide_le(tide_Tensor *input, tide_Tensor *other);
/* a > b. */
TIDE_API tide_Tensor *tide_gt(tide_Tensor *input, tide_Tensor *other);
/* a >= b. */
TIDE_API tide_Tensor *tide_ge(tide_Tensor *input, tide_Tensor *other);
/* input where condition (bool) holds, else other; broadcasting. Saves condition. */
TIDE_API tide_Tensor *tide_where(tide_Tensor *condition, tide_Tensor *input, tide_Tensor *other);
/* x^2; its node is PowBackward0, as PyTorch's. */
TIDE_API tide_Tensor *tide_square(tide_Tensor *input);
/* An uninitialised tensor. */
TIDE_API tide_Tensor *tide_empty(tide_Context *context, const int64_t *size, int n_size, int dtype);
/* A tensor of one value; dtype: that of the number's kind where absent. */
TIDE_API tide_Tensor *tide_full(tide_Context *context, const int64_t *size, int n_size, tide_Tensor *fill_value, int dtype);
/* A tensor of zeros. */
TIDE_API tide_Tensor *tide_zeros(tide_Context *context, const int64_t *size, int n_size, int dtype);
/* A tensor of ones. */
TIDE_API tide_Tensor *tide_ones(tide_Context *context, const int64_t *size, int n_size, int dtype);
/* Uninitialised, with the sizes (and memory order) of input. */
TIDE_API tide_Tensor *tide_empty_like(tide_Tensor *input, int dtype);
/* One value, with the sizes of input. */
TIDE_API tide_Tensor *tide_full_like(tide_Tensor *input, tide_Tensor *fill_value, int dtype);
/* Zeros, with the sizes of input. */
TIDE_API tide_Tensor *tide_zeros_like(tide_Tensor *input, int dtype);
/* Ones, with the sizes of input. */
TIDE_API tide_Tensor *tide_ones_like(tide_Tensor *input, int dtype);
/* Sum of all elements; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_sum(tide_Tensor *input, int dtype);
/* Sum over dimensions; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_sum_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Mean of all elements, of a float dtype. */
TIDE_API tide_Tensor *tide_mean(tide_Tensor *input, int dtype);
/* Mean over dimensions, of a float dtype. */
TIDE_API tide_Tensor *tide_mean_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Sum over dimensions in which nan counts as 0. */
TIDE_API tide_Tensor *tide_nansum(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Mean over dimensions of what is not nan. */
TIDE_API tide_Tensor *tide_nanmean(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Product of all elements; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_prod(tide_Tensor *input, int dtype);
/* Product along a dimension; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_prod_dim(tide_Tensor *input, int64_t dim, int keepdim, int dtype);
/* How many elements are not 0 (a nan is not). */
TIDE_API tide_Tensor *tide_count_nonzero(tide_Tensor *input, const int64_t *dim, int n_dim);
/* Are all elements nonzero? */
TIDE_API tide_Tensor *tide_all(tide_Tensor *input);
/* Are all elements along dimensions nonzero? */
TIDE_API tide_Tensor *tide_all_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim);
/* Is any element nonzero? */
TIDE_API tide_Tensor *tide_any(tide_Tensor *input);
/* Is any element along dimensions nonzero? */
TIDE_API tide_Tensor *tide_any_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim);
/* The same elements under other sizes, one of which may be -1. Error: would need a copy. */
TIDE_API tide_Tensor *tide_view(tide_Tensor *input, const int64_t *size, int n_size);
/* view where possible, else of a copy. */
TIDE_API tide_Tensor *tide_reshape(tide_Tensor *input, const int64_t *shape, int n_shape);
/* view with the sizes of other. */
TIDE_API tide_Tensor *tide_view_as(tide_Tensor *input, tide_Tensor *other);
/* reshape to the sizes of other. */
TIDE_API tide_Tensor *tide_reshape_as(tide_Tensor *input, tide_Tensor *other);
/* Dimensions start_dim to end_dim made one. Error: end before start. */
TIDE_API tide_Tensor *tide_flatten(tide_Tensor *input, int64_t start_dim, int64_t end_dim);
/* All elements as a vector. */
TIDE_API tide_Tensor *tide_ravel(tide_Tensor *input);
/* One dimension cut into several, of which one may be -1. Error: the sizes do not multiply to it. */
TIDE_API tide_Tensor *tide_unflatten(tide_Tensor *input, int64_t dim, const int64_t *sizes, int n_sizes);
/* Without the dimensions of size 1. */
TIDE_API tide_Tensor *tide_squeeze(tide_Tensor *input);
/* Without this dimension if its size is 1. */
TIDE_API tide_Tensor *tide_squeeze_dim(tide_Tensor *input, int64_t dim);
/* Without those of these dimensions that have size 1. */
TIDE_API tide_Tensor *tide_squeeze_dims(tide_Tensor *input, const int64_t *dim, int n_dim);
/* With a new dimension of size 1 at dim. */
TIDE_API tide_Tensor *tide_unsqueeze(tide_Tensor *input, int64_t dim);
/* input, as a vector if it is 0-dim. */
TIDE_API tide_Tensor *tide_atleast_1d(tide_Tensor *input);
/* The same for each. */
TIDE_API tide_Tensor **tide_atleast_1d_list(tide_Tensor *const *tensors, int n_tensors, int *count);
/* input, with dimensions of size 1 put in front until there are two. */
TIDE_API tide_Tensor *tide_atleast_2d(tide_Tensor *input);
/* The same for each. */
TIDE_API tide_Tensor **tide_atleast_2d_list(tide_Tensor *const *tensors, int n_tensors, int *count);
/* input with at least three dimensions: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1]. */
TIDE_API tide_Tensor *tide_atleast_3d(tide_Tensor *input);
/* The same for each. */
TIDE_API tide_Tensor **tide_atleast_3d_list(tide_Tensor *const *tensors, int n_tensors, int *count);
/* The same memory without history, sharing the version counter. */
TIDE_API tide_Tensor *tide_detached(tide_Tensor *input);
/* input itself, which is real. */
TIDE_API tide_Tensor *tide_real(tide_Tensor *input);
/* The transpose of a matrix; fewer dimensions: input. Error: more than two. */
TIDE_API tide_Tensor *tide_t(tide_Tensor *input);
/* Two dimensions exchanged. */
TIDE_API tide_Tensor *tide_transpose(tide_Tensor *input, int64_t dim0, int64_t dim1);
/* transpose. */
TIDE_API tide_Tensor *tide_swapaxes(tide_Tensor *input, int64_t axis0, int64_t axis1);
/* transpose. */
TIDE_API tide_Tensor *tide_swapdims(tide_Tensor *input, int64_t dim0, int64_t dim1);
/* The dimensions in this order: all of them, each once. */
TIDE_API tide_Tensor *tide_permute(tide_Tensor *input, const int64_t *dims, int n_dims);
/* The source dimensions moved to the places destination; the others keep their order. */
TIDE_API tide_Tensor *tide_movedim(tide_Tensor *input, const int64_t *source, int n_source, const int64_t *destination, int n_destination);
/* movedim. */
TIDE_API tide_Tensor *tide_moveaxis(tide_Tensor *input, const int64_t *source, int n_source, const int64_t *destination, int n_destination);
/* The dimensions in reverse order. */
TIDE_API tide_Tensor *tide_numpy_T(tide_Tensor *input);
/* The last two dimensions exchanged. Error: fewer than two. */
TIDE_API tide_Tensor *tide_mT(tide_Tensor *input);
/* The transpose of a matrix. Error: neither 0-dim nor a matrix. */
TIDE_API tide_Tensor *tide_H(tide_Tensor *input);
/* mT, for real numbers. */
TIDE_API tide_Tensor *tide_mH(tide_Tensor *input);
/* mH. */
TIDE_API tide_Tensor *tide_adjoint(tide_Tensor *input);
/* Dimensions of size 1 repeated without copying; -1 keeps a size. Adjoint: sum_to. */
TIDE_API tide_Tensor *tide_expand(tide_Tensor *input, const int64_t *size, int n_size);
/* expand to the sizes of other. */
TIDE_API tide_Tensor *tide_expand_as(tide_Tensor *input, tide_Tensor *other);
/* expand. */
TIDE_API tide_Tensor *tide_broadcast_to(tide_Tensor *input, const int64_t *size, int n_size);
/* All expanded to their common sizes. Error: they do not fit. */
TIDE_API tide_Tensor **tide_broadcast_tensors(tide_Tensor *const *tensors, int n_tensors, int *count);
/* Each vector spread along a dimension of its own, all of the same sizes; indexing "xy" exchanges the first two. */
TIDE_API tide_Tensor **tide_meshgrid(tide_Tensor *const *tensors, int n_tensors, const char *indexing, int *count);
/* One position of a dimension, which goes. Error: out of range. Adjoint: select_put. */
TIDE_API tide_Tensor *tide_select(tide_Tensor *input, int64_t dim, int64_t index);
/* length positions of dim from start on. Error: beyond the size. */
TIDE_API tide_Tensor *tide_narrow(tide_Tensor *input, int64_t dim, int64_t start, int64_t length);
/* The elements whose positions in dim1 and dim2 differ by offset, as a new last dimension. Adjoint: diagonal_put. */
TIDE_API tide_Tensor *tide_diagonal(tide_Tensor *input, int64_t offset, int64_t dim1, int64_t dim2);
/* Windows of `size` elements of dimension, one every `step`, as a new last dimension. Error: size beyond the dimension's. Adjoint: unfold_put. */
TIDE_API tide_Tensor *tide_unfold(tide_Tensor *input, int64_t dimension, int64_t size, int64_t step);
/* Parts of split_size along dim, the last one with what is left. */
TIDE_API tide_Tensor **tide_split(tide_Tensor *input, int64_t split_size, int64_t dim, int *count);
/* Parts of these sizes along dim. Error: they do not add up to its size. */
TIDE_API tide_Tensor **tide_split_with_sizes(tide_Tensor *input, const int64_t *split_size, int n_split_size, int64_t dim, int *count);
/* Parts of these sizes along dim. */
TIDE_API tide_Tensor **tide_split_sizes(tide_Tensor *input, const int64_t *split_sizes, int n_split_sizes, int64_t dim, int *count);
/* At most `chunks` parts along dim, all equal but the last. */
TIDE_API tide_Tensor **tide_chunk(tide_Tensor *input, int64_t chunks, int64_t dim, int *count);
/* `sections` parts along dim, the first ones by one larger where needed. */
TIDE_API tide_Tensor **tide_tensor_split(tide_Tensor *input, int64_t sections, int64_t dim, int *count);
/* Parts along dim, a new one beginning at each of these positions. */
TIDE_API tide_Tensor **tide_tensor_split_at(tide_Tensor *input, const int64_t *indices, int n_indices, int64_t dim, int *count);
/* Equal parts along the second dimension (of a vector: the first). Error: the size does not divide. */
TIDE_API tide_Tensor **tide_hsplit(tide_Tensor *input, int64_t sections, int *count);
/* Parts along the second dimension (of a vector: the first). */
TIDE_API tide_Tensor **tide_hsplit_at(tide_Tensor *input, const int64_t *indices, int n_indices, int *count);
/* Equal parts along the first dimension. Error: fewer than two dimensions; the size does not divide. */
TIDE_API tide_Tensor **tide_vsplit(tide_Tensor *input, int64_t sections, int *count);
/* Parts along the first dimension. */
TIDE_API tide_Tensor **tide_vsplit_at(tide_Tensor *input, const int64_t *indices, int n_indices, int *count);
/* Equal parts along the third dimension. Error: fewer than three dimensions; the size does not divide. */
TIDE_API tide_Tensor **tide_dsplit(tide_Tensor *input, int64_t sections, int *count);
/* Parts along the third dimension. */
TIDE_API tide_Tensor **tide_dsplit_at(tide_Tensor *input, const int64_t *indices, int n_indices, int *count);
/* One part for each position of dim, which goes. */
TIDE_API tide_Tensor **tide_unbind(tide_Tensor *input, int64_t dim, int *count);
/* Any strides over the memory of input; offset and strides count elements of the storage. Error: beyond the storage. */
TIDE_API tide_Tensor *tide_as_strided(tide_Tensor *input, const int64_t *size, int n_size, const int64_t *stride, int n_stride, int64_t storage_offset);
/* A copy with memory of its own, in the same memory order. Adjoint: itself. */
TIDE_API tide_Tensor *tide_clone(tide_Tensor *input);
/* input itself if it is contiguous, else a contiguous copy. */
TIDE_API tide_Tensor *tide_contiguous(tide_Tensor *input);
/* input in this dtype; input itself if it has it, unless copy. */
TIDE_API tide_Tensor *tide_to(tide_Tensor *input, int dtype, int non_blocking, int copy);
/* input in the dtype of other. */
TIDE_API tide_Tensor *tide_to_as(tide_Tensor *input, tide_Tensor *other, int non_blocking, int copy);
/* input in the dtype of other. */
TIDE_API tide_Tensor *tide_type_as(tide_Tensor *input, tide_Tensor *other);
/* Writes the values of src. */
TIDE_API tide_Tensor *tide_copy(tide_Tensor *input, tide_Tensor *src, int non_blocking);
/* Writes one number everywhere. */
TIDE_API tide_Tensor *tide_fill(tide_Tensor *input, tide_Tensor *value);
/* Writes the value of a 0-dim tensor everywhere. */
TIDE_API tide_Tensor *tide_fill_tensor(tide_Tensor *input, tide_Tensor *value);
/* Writes zeros. */
TIDE_API tide_Tensor *tide_zero(tide_Tensor *input);
/* The tensors one after the other along dim. */
TIDE_API tide_Tensor *tide_cat(tide_Tensor *const *tensors, int n_tensors, int64_t dim);
/* cat. */
TIDE_API tide_Tensor *tide_concat(tide_Tensor *const *tensors, int n_tensors, int64_t dim);
/* cat. */
TIDE_API tide_Tensor *tide_concatenate(tide_Tensor *const *tensors, int n_tensors, int64_t dim);
/* The tensors along a new dimension. Error: sizes differ. */
TIDE_API tide_Tensor *tide_stack(tide_Tensor *const *tensors, int n_tensors, int64_t dim);
/* cat along the second dimension (of vectors: the first). */
TIDE_API tide_Tensor *tide_hstack(tide_Tensor *const *tensors, int n_tensors);
/* cat of matrices along the first dimension; vectors are rows. */
TIDE_API tide_Tensor *tide_vstack(tide_Tensor *const *tensors, int n_tensors);
/* vstack. */
TIDE_API tide_Tensor *tide_row_stack(tide_Tensor *const *tensors, int n_tensors);
/* cat along the third dimension; see atleast_3d. */
TIDE_API tide_Tensor *tide_dstack(tide_Tensor *const *tensors, int n_tensors);
/* hstack in which vectors are columns. */
TIDE_API tide_Tensor *tide_column_stack(tide_Tensor *const *tensors, int n_tensors);
/* input laid out `repeats` times along each dimension; further numbers in front make new dimensions. */
TIDE_API tide_Tensor *tide_repeat(tide_Tensor *input, const int64_t *repeats, int n_repeats);
/* repeat, where missing numbers in front are 1. */
TIDE_API tide_Tensor *tide_tile(tide_Tensor *input, const int64_t *dims, int n_dims);
/* Each element `repeats` times in a row, as a vector. */
TIDE_API tide_Tensor *tide_repeat_interleave(tide_Tensor *input, int64_t repeats);
/* Each position of dim `repeats` times in a row. */
TIDE_API tide_Tensor *tide_repeat_interleave_dim(tide_Tensor *input, int64_t repeats, int64_t dim);
/* Element i repeats[i] times in a row, as a vector. */
TIDE_API tide_Tensor *tide_repeat_interleave_each(tide_Tensor *input, tide_Tensor *repeats);
/* Position i of dim repeats[i] times in a row. Errors: negative; not one number for each position. */
TIDE_API tide_Tensor *tide_repeat_interleave_each_dim(tide_Tensor *input, tide_Tensor *repeats, int64_t dim);

#endif
