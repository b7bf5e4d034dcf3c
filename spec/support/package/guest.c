/* Sees that header and library belong together and that the library answers. */
#include <string.h>
#include <tide.h>

int main(void) {
  tide_Context *c = tide_open(NULL);
  if (c == NULL || strcmp(tide_version(), TIDE_VERSION) != 0) return 1;
  float *y = tide_data(tide_from_data(c, TIDE_FLOAT32, 1, (int64_t[]){2}, (float[]){1, 2}));
  int ok = y != NULL && y[1] == 2;
  tide_shutdown(c);
  return !ok;
}
