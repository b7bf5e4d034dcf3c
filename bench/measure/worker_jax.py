"""JAX's side of a comparison: takes worker.lua's orders but `check` and `draw`, for the workloads of jitted.py.
    python bench/measure/worker_jax.py GROUP THREADS
"""
import os
import sys

threads = int(sys.argv[2])
if hasattr(os, "sched_setaffinity"):                     # XLA takes a thread for each processor that it sees
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])

import jax                                               # noqa: E402

import serve                                             # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import jitted                                            # noqa: E402

workloads = {}


def work(name):
    def keep(setup):
        workloads[name] = lambda: finished(setup())
        return setup
    return keep


def finished(f):
    """JAX returns before it is done; PyTorch and tide do not."""
    return lambda: jax.block_until_ready(f())


jitted.workloads(work)
serve.Server(workloads, lambda: None).serve()
