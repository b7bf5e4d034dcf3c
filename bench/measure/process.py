"""What a process costs: the start of a script, its memory, what is installed, and the most memory that training takes."""
import os
import statistics
import subprocess
import time

import sides

OURS = 'local tide = require "tide"; print((tide.ones(2) + 1):sum():item())'
THEIRS = "import torch; print((torch.ones(2) + 1).sum().item())"
STEPS = 1000


def start(command, times):
    """Milliseconds from the start of a script that adds two numbers to its end: the median."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=sides.environment(), cwd=sides.ROOT)
        taken.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(taken)


def memory(side, workload, repetitions, field):
    """Megabytes of a process that has done this workload so many times."""
    try:
        side.ask("open " + workload)
        side.ask("run %d" % repetitions)
        return int(dict(line.split("\t") for line in side.ask("status"))[field]) / 1024
    finally:
        side.end()


def both_memories(python, group, *what):
    return memory(sides.tide(group, 1), *what), memory(sides.pytorch(python, group, 1, "default"), *what)


def size(*paths):
    """Megabytes of the files that lie there."""
    total = 0
    for path in paths:
        for directory, _, files in os.walk(path):
            total += sum(os.lstat(os.path.join(directory, f)).st_size for f in files)
        if os.path.isfile(path):
            total += os.stat(path).st_size
    return total / 2 ** 20


def figures(python, targets, quick):
    """What, its unit, tide's figure, PyTorch's, and the most that is wanted of tide."""
    installed = subprocess.run([python, "-c", "import torch; print(torch.__path__[0])"], check=True, stdout=subprocess.PIPE, text=True,
                               env=sides.environment()).stdout.strip()
    resident = both_memories(python, "overhead", "four: add", 1, "VmRSS")
    most = both_memories(python, "training", "MLP 784-512-10, batch 64", STEPS, "VmHWM")
    return [
        ("start of a script", "ms", start(["lua5.4", "-e", OURS], 21), start([python, "-c", THEIRS], 3 if quick else 7), targets["start_ms"]),
        ("resident after a first operation", "MB", *resident, targets["resident_mb"]),
        ("most in %d training steps of the MLP" % STEPS, "MB", *most, most[1]),
        ("installed, without OpenBLAS", "MB", size(os.path.join(sides.BUILD, "lua", "tide", "core.so"), os.path.join(sides.ROOT, "lua", "tide")),
         size(installed), targets["installed_mb"]),
    ]
