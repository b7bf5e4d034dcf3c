/*
** Contexts: errors, scopes, memory.
**
** Memory comes in three sizes. Objects (tensors, nodes) live in slabs and return to free lists. Small buffers, up to 64 KB,
** come in powers of two; big ones four to a doubling, from 2 MB up on huge pages where the system has them, since
** a fresh page costs more than the work on it. Freed buffers stay in the context up to CACHE_MAX bytes. A
** context with an allocator of the host's caches nothing: each request is the host's to serve, and to refuse.
*/
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "base/context.h"

#define SMALL_MAX   ((size_t)64 << (TIDE_SMALL_CLASSES - 1))
#define CACHE_MAX   ((int64_t)1 << 30)
#define HUGE_PAGE   ((size_t)2 << 20)
#define SLAB_BYTES  ((size_t)16384)

const char *tide_version(void) { return TIDE_VERSION; }


/* {======================== errors ======================== */

static void keep_error(tide_Context *c, int code, const char *prefix, const char *format, va_list ap) {
  if (c->code != TIDE_OK) return;
  c->code = code == TIDE_OK ? TIDE_ECALLBACK : code;
  int n = prefix ? snprintf(c->message, sizeof c->message, "%.99s: ", prefix) : 0;
  vsnprintf(c->message + n, sizeof c->message - (size_t)n, format, ap);
}

void *tide__fail(tide_Context *c, int code, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  keep_error(c, code, c->name, format, ap);
  va_end(ap);
  return NULL;
}

void *tide_fail(tide_Context *c, int code, const char *format, ...) {
  va_list ap;
  va_start(ap, format);
  keep_error(c, code, NULL, format, ap);
  va_end(ap);
  return NULL;
}

const char *tide_error(const tide_Context *c) { return c->code == TIDE_OK ? "" : c->message; }
int tide_error_code(const tide_Context *c) { return c->code; }
void tide_clear_error(tide_Context *c) { c->code = TIDE_OK; c->message[0] = 0; }

const char *tide_set_function(tide_Context *c, const char *name) {
  const char *old = c->name;
  c->name = name;
  return old;
}

void tide_interrupt(tide_Context *c) { __atomic_store_n(&c->interrupt, 1, __ATOMIC_RELAXED); }

int tide__take_interrupt(tide_Context *c) {
  __atomic_store_n(&c->interrupt, 0, __ATOMIC_RELAXED);
  tide__fail(c, TIDE_INTERRUPTED, "interrupted");
  return 0;
}

/* }========================================================= */


/* {======================== memory ======================== */

static void *default_alloc(void *ud, void *p, size_t osize, size_t nsize) {
  (void)ud; (void)osize;
  if (nsize == 0) { free(p); return NULL; }
  size_t align = nsize >= HUGE_PAGE ? HUGE_PAGE : 64;
  void *q = aligned_alloc(align, (nsize + align - 1) & ~(align - 1));
#if defined(MADV_HUGEPAGE)
  if (q && nsize >= HUGE_PAGE) madvise(q, nsize, MADV_HUGEPAGE);
#endif
  return q;
}

/* A host's allocator need not align: take 64 bytes more and remember in front of the block where it began. */
static void *system_alloc(tide_Context *c, size_t size) {
  if (c->alloc == default_alloc) return default_alloc(NULL, NULL, 0, size);
  if (size > SIZE_MAX - 128) return NULL;
  char *raw = c->alloc(c->alloc_ud, NULL, 0, size + 128);
  if (!raw) return NULL;
  char *p = (char *)(((uintptr_t)raw + 127) & ~(uintptr_t)63);
  ((void **)p)[-1] = raw;
  return p;
}

static void system_free(tide_Context *c, void *p, size_t size) {
  if (c->alloc == default_alloc) free(p);
  else c->alloc(c->alloc_ud, ((void **)p)[-1], size + 128, 0);
}

/* The class of a size and the bytes it really takes. */
static int size_class(size_t size, size_t *bytes) {
  if (size <= 64) { *bytes = 64; return 0; }
  int log = 63 - __builtin_clzll((unsigned long long)size - 1);      /* 2^log <= size - 1 */
  if (size <= SMALL_MAX) { *bytes = (size_t)2 << log; return log - 5; }
  size_t quarter = (size_t)1 << (log - 2), k = (size - 1 - ((size_t)1 << log)) / quarter;
  *bytes = ((size_t)1 << log) + (k + 1) * quarter;
  return (log - 16) * 4 + (int)k;
}

static size_t big_class_bytes(int k) { return ((size_t)1 << (k / 4 + 16)) + (size_t)(k % 4 + 1) * ((size_t)1 << (k / 4 + 14)); }

/* Gives one block that waits in this list back to the system. */
static void drop(tide_Context *c, void **list, size_t bytes) {
  void *p = *list;
  *list = *(void **)p;
  c->stats.cached_bytes -= (int64_t)bytes;
  system_free(c, p, bytes);
}

static void trim(tide_Context *c) {
  for (int k = 0; k < TIDE_SMALL_CLASSES; k++) while (c->free_small[k]) drop(c, &c->free_small[k], (size_t)64 << k);
  for (int k = 0; k < TIDE_BIG_CLASSES; k++) while (c->free_big[k]) drop(c, &c->free_big[k], big_class_bytes(k));
}

/* May `bytes` more wait in this list? Others make room, class by class in turn, so that in the end those go for which nobody asks. */
static int has_room(tide_Context *c, void **own, size_t bytes) {
  for (int n = 0; n < TIDE_BIG_CLASSES && c->stats.cached_bytes + (int64_t)bytes > CACHE_MAX; n++) {
    void **list = &c->free_big[c->victim];
    while (list != own && *list && c->stats.cached_bytes + (int64_t)bytes > CACHE_MAX) drop(c, list, big_class_bytes(c->victim));
    if (list == own || !*list) c->victim = (c->victim + 1) % TIDE_BIG_CLASSES;
  }
  return c->stats.cached_bytes + (int64_t)bytes <= CACHE_MAX;
}

/* Asks the host to collect: 1, or 0 where there is nobody to ask. The callback may use the context (a finalizer that computes):
** what the interrupted operator knows of errors and modes is put back. */
static int ask(tide_Context *c) {
  if (!c->collect || c->collecting) return 0;
  tide__Modes mode = c->mode;
  const char *name = c->name;
  int code = c->code;
  char message[sizeof c->message];
  memcpy(message, c->message, sizeof message);
  tide_clear_error(c);
  c->name = NULL;
  c->collecting = 1;
  c->collect(c->collect_arg);
  c->collecting = 0;
  c->name = name;
  c->mode = mode;
  c->code = code;
  memcpy(c->message, message, sizeof message);
  return 1;
}

static int fits(const tide_Context *c, size_t bytes) { return !c->limit || c->stats.live_bytes + (int64_t)bytes <= c->limit; }

/* Room for `bytes` more live ones? Asks the host to collect once. */
static int within_limit(tide_Context *c, size_t bytes) { return fits(c, bytes) || (ask(c) && fits(c, bytes)); }

/* From the system, at the last after trimming the cache and asking the host to collect. */
static void *fresh(tide_Context *c, size_t bytes) {
  void *p = system_alloc(c, bytes);
  if (p) return p;
  trim(c);
  if ((p = system_alloc(c, bytes)) != NULL) return p;
  if (!ask(c)) return NULL;
  trim(c);
  return system_alloc(c, bytes);
}

static void *no_memory(tide_Context *c, size_t size) {
  if (c->limit && c->stats.live_bytes + (int64_t)size > c->limit)
    return tide__fail(c, TIDE_NOMEM, "out of memory: %zu bytes more would pass the limit of %lld (%lld are in use)", size, (long long)c->limit,
                      (long long)c->stats.live_bytes);
  return tide__fail(c, TIDE_NOMEM, "out of memory: no %zu bytes to be had (%lld are in use)", size, (long long)c->stats.live_bytes);
}

void *tide__alloc(tide_Context *c, size_t size) {
  size_t bytes;
  if (unlikely(size > (size_t)1 << 46)) return no_memory(c, size);
  int k = size_class(size, &bytes), small = bytes <= SMALL_MAX;
  void **list = small ? &c->free_small[k] : &c->free_big[k];
  if (unlikely(c->limit) && !within_limit(c, bytes)) return no_memory(c, size);
  void *p = *list;
  if (likely(p != NULL)) { *list = *(void **)p; c->stats.cached_bytes -= (int64_t)bytes; }
  else if (!(p = fresh(c, bytes))) return no_memory(c, size);
  c->stats.live_bytes += (int64_t)bytes;
  if (small) c->stats.small_bytes += (int64_t)bytes / 8; else c->stats.big_bytes += (int64_t)bytes;
  tide__note_peak(c);
  return p;
}

void tide__free(tide_Context *c, void *p, size_t size) {
  if (!p) return;
  size_t bytes;
  int k = size_class(size, &bytes), small = bytes <= SMALL_MAX;
  c->stats.live_bytes -= (int64_t)bytes;
  if (small) c->stats.small_bytes -= (int64_t)bytes / 8; else c->stats.big_bytes -= (int64_t)bytes;
  void **list = small ? &c->free_small[k] : &c->free_big[k];
  if (!c->pooled || (unlikely(c->stats.cached_bytes + (int64_t)bytes > CACHE_MAX) && !has_room(c, list, bytes))) { system_free(c, p, bytes); return; }
  *(void **)p = *list;
  *list = p;
  c->stats.cached_bytes += (int64_t)bytes;
}

int tide__reserve(tide_Context *c, void **array, size_t *capacity, size_t want, size_t element) {
  if (want <= *capacity) return 1;
  size_t n = *capacity * 2 < 64 ? 64 : *capacity * 2;
  if (n < want) n = want;
  void *p = tide__alloc(c, n * element);
  if (!p) return 0;
  if (*capacity >= n) { tide__free(c, p, n * element); return 1; }      /* it has grown while the host collected */
  if (*array) { memcpy(p, *array, *capacity * element); tide__free(c, *array, *capacity * element); }
  *array = p;
  *capacity = n;
  return 1;
}

void *tide__object_new(tide_Context *c, void **list, size_t size) {
  if (unlikely(c->limit) && !within_limit(c, size)) return no_memory(c, size);
  void *p = *list;
  if (likely(p != NULL)) *list = *(void **)p;
  else if (!c->pooled) {
    if (!(p = fresh(c, size))) return no_memory(c, size);
  }
  else {
    tide__Slab *slab = fresh(c, SLAB_BYTES);
    if (!slab) return no_memory(c, size);
    slab->next = c->slabs;
    slab->size = SLAB_BYTES;
    c->slabs = slab;
    size_t step = (size + 31) & ~(size_t)31, count = (SLAB_BYTES - 64) / step;
    char *first = (char *)slab + 64;
    for (size_t i = count; i-- > 1;) { *(void **)(first + i * step) = *list; *list = first + i * step; }
    p = first;
  }
  c->stats.live_bytes += (int64_t)size;
  c->stats.small_bytes += (int64_t)size;
  tide__note_peak(c);
  return p;
}

void tide__object_drop(tide_Context *c, void *p, size_t size);
void tide__object_drop(tide_Context *c, void *p, size_t size) { system_free(c, p, size); }

tide_Stats tide_memory_stats(const tide_Context *c) { return c->stats; }
const tide_Stats *tide_memory(const tide_Context *c) { return &c->stats; }
void tide_reset_peak(tide_Context *c) { c->stats.peak_bytes = c->stats.live_bytes; }
void tide_empty_cache(tide_Context *c) { trim(c); }
void tide_set_memory_limit(tide_Context *c, int64_t bytes) { c->limit = bytes < 0 ? 0 : bytes; }
void tide_set_collect(tide_Context *c, void (*collect)(void *), void *arg) { c->collect = collect; c->collect_arg = arg; }

/* }========================================================= */


/* {======================== contexts and scopes ======================== */

tide_Context *tide_open(const tide_Config *config) {
  tide_Config f = {sizeof f, NULL, NULL, 0, 0};
  if (config) memcpy(&f, config, config->size < sizeof f ? config->size : sizeof f);
  tide_Alloc alloc = f.alloc ? f.alloc : default_alloc;
  tide_Context *c = alloc(f.ud, NULL, 0, sizeof *c);
  if (!c) return NULL;
  memset(c, 0, sizeof *c);
  c->alloc = alloc;
  c->alloc_ud = f.ud;
#if defined(TIDE_NO_POOL)
  c->pooled = 0;
#else
  c->pooled = alloc == default_alloc;
#endif
  c->base = f.base != 0;
  c->no_files = f.no_files != 0;
  c->mode.grad = 1;
  c->mode.default_dtype = TIDE_FLOAT32;
  struct timespec now = {0, 0};
  clock_gettime(CLOCK_REALTIME, &now);
  c->generator = &c->own_generator;
  tide__seed(c->generator, ((uint64_t)now.tv_nsec << 32) ^ (uint64_t)now.tv_sec ^ (uint64_t)(uintptr_t)c);
  return c;
}

void tide__context_unref(tide_Context *c) {
  if (!c->closed || c->stats.tensors || c->stats.nodes) return;
  tide__free_definitions(c);
  tide__free(c, c->own, c->cown * sizeof *c->own);
  trim(c);
  while (c->slabs) { tide__Slab *s = c->slabs; c->slabs = s->next; system_free(c, s, s->size); }
  c->alloc(c->alloc_ud, c, sizeof *c, 0);
}

int tide__own_grow(tide_Context *c) {
  return tide__reserve(c, (void **)&c->own, &c->cown, c->nown + 1, sizeof *c->own);
}

tide_Scope tide_scope(tide_Context *c) { return c->nown; }

void tide_manual_seed(tide_Context *c, uint64_t seed) { tide__seed(c->generator, seed); }
size_t tide_get_rng_state(const tide_Context *c, void *state, size_t room) {
  if (room >= sizeof *c->generator) memcpy(state, c->generator, sizeof *c->generator);
  return sizeof *c->generator;
}

int tide_set_rng_state(tide_Context *c, const void *state, size_t size) {
  tide__Generator g;
  if (size == sizeof g) memcpy(&g, state, sizeof g);
  if (size != sizeof g || g.next < 0 || g.next > 624) { tide__fail(c, TIDE_EARG, "%zu bytes are no state of the generator", size); return 0; }
  *c->generator = g;
  return 1;
}

uint64_t tide_initial_seed(const tide_Context *c) { return c->generator->seed; }

size_t tide_generator_size(void) { return sizeof(tide__Generator); }
tide_Generator *tide_generator_init(void *memory) {
  tide__seed(memory, 67280421310721);                /* PyTorch's default */
  return memory;
}
tide_Generator *tide_use_generator(tide_Context *c, tide_Generator *g) {
  tide__Generator *old = c->generator;
  c->generator = g ? (tide__Generator *)g : &c->own_generator;
  return old == &c->own_generator ? NULL : (tide_Generator *)old;
}

static int swap_u8(uint8_t *place, int v) { int old = *place; *place = (uint8_t)v; return old; }
int tide_set_grad_mode(tide_Context *c, int on) { return swap_u8(&c->mode.grad, on != 0); }
int tide_grad_mode(const tide_Context *c) { return c->mode.grad; }
int tide_set_inference_mode(tide_Context *c, int on) { return swap_u8(&c->mode.inference, on != 0); }
int tide_inference_mode(const tide_Context *c) { return c->mode.inference; }
int tide_set_default_dtype(tide_Context *c, int dtype) { return tide_dtype_is_float(dtype) ? swap_u8(&c->mode.default_dtype, dtype) : c->mode.default_dtype; }
int tide_default_dtype(const tide_Context *c) { return c->mode.default_dtype; }
int tide_set_anomaly(tide_Context *c, int mode) { return swap_u8(&c->mode.anomaly, mode); }
int tide_anomaly(const tide_Context *c) { return c->mode.anomaly; }
void tide_set_trace(tide_Context *c, const char *(*trace)(void *), void *arg) { c->trace = trace; c->trace_arg = arg; }
void tide_set_warn(tide_Context *c, void (*warn)(void *, const char *), void *arg) { c->warn = warn; c->warn_arg = arg; }
void tide_set_node_died(tide_Context *c, void (*died)(void *, tide_Node *), void *arg) { c->node_died = died; c->node_died_arg = arg; }
void tide_set_userdata(tide_Context *c, void *p) { c->userdata = p; }
void *tide_userdata(const tide_Context *c) { return c->userdata; }

const tide_PackHooks *tide_set_pack_hooks(tide_Context *c, const tide_PackHooks *hooks) {
  const tide_PackHooks *old = c->mode.pack;
  c->mode.pack = hooks;
  return old;
}
const tide_PackHooks *tide_pack_hooks(const tide_Context *c) { return c->mode.pack; }

/* }========================================================= */
