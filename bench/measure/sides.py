"""The two sides of a comparison as processes that live long and take orders over pipes (worker.lua, worker.py), and how a
workload is timed on all of them within the same seconds.

A sample is a batch: a workload repeated until some milliseconds have passed, collectors, allocators and all, divided by the
repetitions. Batches of the sides alternate, so that what else the machine does hits all of them. All are read off one clock, here.
"""
import math
import os
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("TIDE_BUILD", "build"))
KEEP = str(10 ** 10)
# PyTorch as it comes; with the C library told never to give memory back; with OpenMP's workers told to sleep.
CONFIGURATIONS = {
    "default": {},
    "keep": {"MALLOC_TRIM_THRESHOLD_": KEEP, "MALLOC_MMAP_THRESHOLD_": KEEP},
    "passive": {"OMP_WAIT_POLICY": "passive"},
}
SLICE = 0.004                 # of the scheduler, in seconds: what a thread waits that lost its processor to another


class Failed(Exception):
    """A side's answer was an error."""


def environment(extra=None):
    """As a user's process has it: without what may be set on this machine for other purposes."""
    env = dict(os.environ)
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OMP_WAIT_POLICY", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"):
        env.pop(name, None)
    env["LUA_PATH"] = "%s/lua/?.lua;%s/lua/?/init.lua;;" % (ROOT, ROOT)
    env["LUA_CPATH"] = "%s/lua/?.so;;" % BUILD
    env.update(extra or {})
    return env


def must_have_tide():
    if not os.path.exists(os.path.join(BUILD, "lua", "tide", "core.so")):
        sys.exit("tide is not built in %s: cmake -B build && cmake --build build, or name a build by $TIDE_BUILD" % BUILD)


class Side:
    """One process. `label` names the configuration; tide's is "tide"."""

    def __init__(self, label, command, extra=None):
        self.label = label
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment(extra), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=-1)

    def ask(self, order):
        """The lines of the answer."""
        self.process.stdin.write(order.encode() + b"\n")
        self.process.stdin.flush()
        lines = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise Failed("%s ended at: %s" % (self.label, order))
            line = line.decode().rstrip("\n")
            if line == ".":
                break
            lines.append(line)
        if lines and lines[-1].startswith("error "):
            raise Failed("%s: %s" % (self.label, lines[-1][6:]))
        return lines

    def batch(self, n):
        """Wall and processor time of n repetitions, in seconds."""
        start = time.perf_counter()
        answer = self.ask("run %d" % n)
        return time.perf_counter() - start, float(answer[0])

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def tide(group, threads):
    return Side("tide", ["lua5.4", "bench/measure/worker.lua", group, str(threads)])


def pytorch(python, group, threads, configuration):
    return Side(configuration, [python, "bench/measure/worker.py", group, str(threads)], CONFIGURATIONS[configuration])


def compiled(python, group, threads):
    return Side("compile", [python, "bench/measure/worker.py", group, str(threads), "compile"], CONFIGURATIONS["keep"])


def jax(python, group, threads):
    return Side("jax", [python, "bench/measure/worker_jax.py", group, str(threads)], CONFIGURATIONS["keep"])


class Samples:
    """Seconds for one repetition on one side, batch by batch."""

    def __init__(self, side, threads):
        self.side, self.threads = side, threads
        self.repetitions = 1
        self.values, self.disturbed, self.parallel = [], 0, 0.0

    def settle(self, seconds, warm):
        """Finds how many repetitions fill a batch, and goes on until `warm` seconds have passed: allocators and collectors
        then have what they work with."""
        start, n = time.perf_counter(), 1
        self.side.batch(1)
        while True:
            wall, _ = self.side.batch(n)
            self.repetitions = max(1, round(n * seconds / wall))
            if wall > seconds / 4 and time.perf_counter() - start > warm:
                return
            if wall > seconds / 4 or n >= 1 << 22:
                n = self.repetitions
            else:
                n *= 2 if wall > seconds / 64 else 8

    def take(self):
        """One batch. A disturbed one counts as such, and not as a sample, unless nearly all are."""
        wall, processor = self.side.batch(self.repetitions)
        self.parallel = max(self.parallel, processor / wall)
        if self.disturbed < 12 and self.was_disturbed(wall, processor):
            self.disturbed += 1
            return False
        self.values.append(wall / self.repetitions)
        return True

    def was_disturbed(self, wall, processor):
        """With one thread: time in which the process did not run. With more: what a slice of the scheduler has added, to
        this batch or, where all have it, to each repetition."""
        if self.threads == 1:
            return wall - processor > 0.04 * wall + 2e-4
        beyond = wall - self.repetitions * min(self.values, default=wall / self.repetitions)
        return 0.9 * SLICE < beyond < 8.5 * SLICE and on_slice(beyond, 0.1)

    def median(self):
        return statistics.median(self.values)

    def summary(self):
        quarters = statistics.quantiles(self.values, n=4, method="inclusive") if len(self.values) > 1 else self.values * 3
        return {"median": self.median(), "q1": quarters[0], "q3": quarters[2], "mean": statistics.fmean(self.values), "least": min(self.values),
                "samples": len(self.values), "repetitions": self.repetitions, "repeated": self.disturbed,
                "plateau": self.threads > 1 and self.median() < 0.05 and on_slice(self.median(), 0.02)}


def on_slice(seconds, tolerance):
    whole = round(seconds / SLICE)
    return whole >= 1 and abs(seconds - whole * SLICE) < tolerance * SLICE


def measure(sides, threads, batch, warm, rounds, budget):
    """Samples of the workload that is open on all sides, in their order. Batches alternate, a different side first in each
    round; after `budget` seconds the rounds end, but not before five."""
    samples = [Samples(side, threads) for side in sides]
    start = time.perf_counter()
    for s in samples:
        s.settle(batch, warm)
    for turn in range(3 * rounds):
        first = turn % len(samples)
        for s in samples[first:] + samples[:first]:
            if len(s.values) >= rounds:
                continue
            if threads > 1:
                time.sleep(0.008)                     # OpenMP's workers look for work a while after the last, on a processor
                s.side.batch(1)
            s.take()
        least = min(len(s.values) for s in samples)
        if least >= rounds or (least >= 5 and time.perf_counter() - start > budget):
            break
    return samples


def agree(ours, theirs, tolerance):
    """Whether two digests (worker.lua) are of equal results: None, or what differs. Sums may differ by `tolerance` times
    the sum of absolute values; elements by that times their size plus the mean size of all."""
    if len(ours) != len(theirs):
        return "%d results against %d" % (len(ours), len(theirs))
    for number, (a, b) in enumerate(zip(ours, theirs), 1):
        a, b = a.split(" "), b.split(" ")
        if a[:2] != b[:2]:
            return "result %d is %s against %s" % (number, " ".join(a[:2]), " ".join(b[:2]))
        if len(a) <= 2:
            continue
        elements = [abs(q) for q in map(float, b[5:]) if math.isfinite(q)]
        mean = sum(elements) / max(1, len(elements))
        for place, (p, q) in enumerate(zip(map(float, a[2:]), map(float, b[2:]))):
            allowed = tolerance * (float(b[2]) if place < 3 else abs(q) + mean)
            if p != q and not abs(p - q) <= allowed and not (p != p and q != q):
                return "result %d, number %d: %.9g against %.9g" % (number, place + 1, p, q)
    return None
