/*
** What is written: the choice of a writer, and what holds for all of them.
*/
#include "io/io.h"

#include <stdlib.h>

static int compare_names(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Different names in UTF-8? */
static int check_names(tide_Context *c, size_t n, const char *const *names) {
  const char **sorted = tide__alloc(c, (n + 1) * sizeof *sorted);
  int ok = sorted != NULL;
  if (!ok) return 0;
  for (size_t i = 0; i < n && ok; i++) {
    size_t length = strlen(names[i]), k = 0;
    for (size_t m; k < length && (m = tide__utf8(names[i] + k, length - k)) > 0; k += m) {}
    if (k < length) { ok = 0; tide__fail(c, TIDE_EVALUE, "the name \"%s\" is not UTF-8", SHOWN(names[i], length)); }
    sorted[i] = names[i];
  }
  if (ok) qsort(sorted, n, sizeof *sorted, compare_names);
  for (size_t i = 1; i < n && ok; i++)
    if (!strcmp(sorted[i - 1], sorted[i])) { ok = 0; tide__fail(c, TIDE_EVALUE, "the name \"%s\" is given twice", SHOWN(sorted[i], strlen(sorted[i]))); }
  tide__free(c, sorted, (n + 1) * sizeof *sorted);
  return ok;
}

int tide__write_output(tide__Sink *k, int format, const tide__Output *out) {
  if ((format == TIDE_SAFETENSORS || format == TIDE_NPZ) && !check_names(k->c, out->n, out->names)) return 0;
  switch (format) {
    case TIDE_SAFETENSORS: return tide__write_safetensors(k, out);
    case TIDE_NPZ: return tide__write_npz(k, out);
    case TIDE_NPY:
      if (out->n == 1) return tide__write_npy(k, out->tensors[0]);
      tide__fail(k->c, TIDE_EVALUE, "an npy file holds one tensor, not %zu", out->n);
      return 0;
    case TIDE_CHECKPOINT: tide__fail(k->c, TIDE_EVALUE, "PyTorch's checkpoints can only be read; safetensors is what both sides read and write"); return 0;
  }
  tide__fail(k->c, TIDE_EARG, "the format is not known: the name ends in .safetensors, .npy or .npz, or the format is given");
  return 0;
}

int tide_write(tide_Context *c, int format, size_t n, const char *const *names, tide_Tensor *const *tensors, const char *const *metadata,
               int (*write)(void *arg, const void *bytes, size_t n), void *arg) {
  tide__Sink sink = {c, write, arg, 0};
  return tide__write_output(&sink, format, &(tide__Output){n, names, tensors, metadata});
}
