/*
** Files on disk: reading them, mapped into memory where that is possible, and replacing them whole.
**
** A file is written under a name of its own beside the old one, brought to the disk, and then put in the old one's place in one step. Whatever goes wrong on the way, the old file
** is what it was, and the new one is removed; after a crash it may be left as NAME.tmp-XXXXXXXX.
**
** With TIDE_NO_FILES, or in a context that was opened so, nothing here touches a file.
*/
#include "io/io.h"

#if !defined(TIDE_NO_FILES)
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#endif

#if defined(TIDE_NO_FILES)

static int may_use(tide_Context *c) { tide__fail(c, TIDE_EFILE, "this is a build without access to files; strings of bytes can be used"); return 0; }

tide_Contents *tide_load(tide_Context *c, const char *path, int format, int mapped) { (void)path; (void)format; (void)mapped; may_use(c); return NULL; }

int tide_save(tide_Context *c, const char *path, int format, size_t n, const char *const *names, tide_Tensor *const *tensors, const char *const *metadata) {
  (void)path; (void)format; (void)n; (void)names; (void)tensors; (void)metadata;
  return may_use(c);
}

#else

/* By what the name ends in. */
static int format_of_name(const char *name) {
  static const struct { const char *end; int format; } ends[] = {
    {".safetensors", TIDE_SAFETENSORS}, {".npy", TIDE_NPY}, {".npz", TIDE_NPZ}, {".pt", TIDE_CHECKPOINT}, {".pth", TIDE_CHECKPOINT}};
  size_t n = strlen(name);
  for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
    size_t m = strlen(ends[k].end);
    if (n > m && !strcmp(name + n - m, ends[k].end)) return ends[k].format;
  }
  return TIDE_FORMAT_ANY;
}

static int may_use(tide_Context *c) {
  if (!c->no_files) return 1;
  tide__fail(c, TIDE_EFILE, "there is no access to files here; strings of bytes can be used");
  return 0;
}

/* "PATH: what failed: why", why being errno. Returns 0. */
static int fail(tide_Context *c, const char *path, const char *what) {
  tide__fail(c, TIDE_EFILE, "%.300s: %s: %s", path, what, strerror(errno));
  return 0;
}


/* {======================== reading ======================== */

static void drop_mapping(tide__Source *s) { munmap(s->p, s->n); }

/* The file's bytes: mapped privately, so that writing to a tensor stays in memory, or read. */
static tide__Source *take_bytes(tide_Context *c, const char *path, int fd, size_t n, int mapped) {
  if (mapped && n > 0) {
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (p != MAP_FAILED) return tide__source_new(c, p, n, drop_mapping);
  }
  tide__Source *s = tide__source_buffer(c, n);
  for (size_t have = 0; s && have < n;) {
    ssize_t got = read(fd, s->p + have, n - have < (1u << 30) ? n - have : 1u << 30);
    if (got > 0) { have += (size_t)got; continue; }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(c, path, "it cannot be read");
    else tide__fail(c, TIDE_EFILE, "%.300s: it became shorter while it was read", path);
    tide__source_release(s);
    s = NULL;
  }
  return s;
}

static tide__Source *open_source(tide_Context *c, const char *path, int mapped) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) { fail(c, path, "it cannot be opened"); return NULL; }
  tide__Source *s = NULL;
  if (fstat(fd, &st) != 0) fail(c, path, "it cannot be opened");
  else if (!S_ISREG(st.st_mode)) tide__fail(c, TIDE_EFILE, "%.300s: this is no regular file", path);
  else s = take_bytes(c, path, fd, (size_t)st.st_size, mapped);
  close(fd);
  return s;
}

tide_Contents *tide_load(tide_Context *c, const char *path, int format, int mapped) {
  if (!may_use(c)) return NULL;
  tide__Source *s = open_source(c, path, mapped);
  if (!s) return NULL;
  tide_Contents *r = tide__read_source(c, s, format != TIDE_FORMAT_ANY ? format : format_of_name(path), path);
  tide__source_release(s);
  return r;
}

/* }========================================================= */


/* {======================== replacing ======================== */

typedef struct Replacement {
  tide_Context *c;
  const char *path;                     /* as it was given */
  char *target;                         /* what it leads to, through links; from malloc */
  char temporary[PATH_MAX];
  mode_t mode;                          /* of the old file; 0: there is none */
  int fd;
} Replacement;

static int write_all(void *arg, const void *bytes, size_t n) {
  Replacement *w = arg;
  for (const char *p = bytes; n > 0;) {
    ssize_t done = write(w->fd, p, n < (1u << 30) ? n : 1u << 30);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail(w->c, w->path, "it cannot be written");
    p += done;
    n -= (size_t)done;
  }
  return 1;
}

/* What the path leads to; nothing but a regular file may be replaced. */
static int find_target(Replacement *w) {
  struct stat st;
  w->mode = 0;
  w->target = realpath(w->path, NULL);
  if (!w->target) return errno == ENOENT ? (w->target = strdup(w->path)) != NULL || fail(w->c, w->path, "it cannot be written") : fail(w->c, w->path, "it cannot be written");
  if (stat(w->target, &st) != 0) return fail(w->c, w->path, "it cannot be written");
  if (!S_ISREG(st.st_mode)) { tide__fail(w->c, TIDE_EFILE, "%.300s: this is no regular file", w->path); return 0; }
  w->mode = st.st_mode & 07777;
  return 1;
}

/* A new file beside the target. */
static int open_temporary(Replacement *w) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t seed = (uint64_t)now.tv_nsec * 2654435761u ^ (uint64_t)getpid() << 32 ^ (uint64_t)(uintptr_t)w;
  for (int tries = 0; tries < 100; tries++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    int n = snprintf(w->temporary, sizeof w->temporary, "%s.tmp-%08x", w->target, (unsigned)(seed >> 32));
    if (n < 0 || (size_t)n >= sizeof w->temporary) errno = ENAMETOOLONG;
    else if ((w->fd = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) >= 0) break;
    if (errno != EEXIST) break;
  }
  if (w->fd < 0) return fail(w->c, w->path, "it cannot be written");
  if (!w->mode || fchmod(w->fd, w->mode) == 0) return 1;
  fail(w->c, w->path, "the new file cannot get the old one's permissions");
  close(w->fd);
  unlink(w->temporary);
  return 0;
}

/* The directory's new entry goes to the disk, where the file system can do that. */
static void sync_directory(Replacement *w) {
  char *slash = strrchr(w->temporary, '/');
  if (slash) slash[slash == w->temporary] = 0;
  int fd = open(slash ? w->temporary : ".", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

/* Everything is written, if ok: the new file takes the old one's place. */
static int finish(Replacement *w, int ok) {
  if (ok && fsync(w->fd) != 0) ok = fail(w->c, w->path, "it cannot be written");
  if (close(w->fd) != 0 && ok) ok = fail(w->c, w->path, "it cannot be written");
  if (ok && rename(w->temporary, w->target) != 0) ok = fail(w->c, w->path, "it cannot be replaced");
  if (ok) sync_directory(w);
  else unlink(w->temporary);
  return ok;
}

int tide_save(tide_Context *c, const char *path, int format, size_t n, const char *const *names, tide_Tensor *const *tensors, const char *const *metadata) {
  Replacement w = {.c = c, .path = path, .fd = -1};
  if (!may_use(c)) return 0;
  if (format == TIDE_FORMAT_ANY) format = format_of_name(path);
  int ok = find_target(&w) && open_temporary(&w);
  if (ok) {
    tide__Sink sink = {c, write_all, &w, 0};
    ok = finish(&w, tide__write_output(&sink, format, &(tide__Output){n, names, tensors, metadata}));
  }
  free(w.target);
  return ok;
}

/* }========================================================= */

#endif
