/*
** The pool of threads that kernels share. There is one in a process, and none before the first work that is worth splitting.
** It lends a hand rather than taking over: the caller claims pieces like any worker and waits for nobody who has not begun.
*/
#ifndef TIDE_BASE_THREADS_H
#define TIDE_BASE_THREADS_H

#include <stdint.h>

/*
** Calls f for pieces that cover 0 .. n between them, each beginning at a multiple of `grain`, here and on the pool's threads, and returns when all are done.
** f(arg, 0, n) at once, here, where n <= grain, where there is one thread, from inside f, and while another thread has the pool. A piece that pays is 5 to
** 10 microseconds of work. f touches raw memory alone: no context, no error. Its results must not depend on how 0 .. n is cut.
*/
void tide__parallel(int64_t n, int64_t grain, void (*f)(void *arg, int64_t begin, int64_t end), void *arg);

#endif
