"""The machine and the two libraries: what they are, and what the machine can do (peaks.c)."""
import ctypes
import datetime
import math
import os
import re
import subprocess
import sys

import sides

HERE = os.path.dirname(os.path.abspath(__file__))


def output(command, **more):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more).stdout.strip()


def processor():
    """Its name and its features, as Linux tells them."""
    name, flags = "unknown", set()
    try:
        with open("/proc/cpuinfo") as info:
            fields = dict(map(str.strip, line.split(":", 1)) for line in info if ":" in line)
        name = "%s, family %s, model %s" % (fields.get("model name", name), fields.get("cpu family", "?"), fields.get("model", "?"))
        flags = set(fields.get("flags", "").split())
    except OSError:
        pass
    return name, flags


def level(flags):
    """The level of kernels that tide chooses (src/kernels/dispatch.c)."""
    best = "base"
    if {"avx2", "fma"} <= flags:
        best = "avx512" if {"avx512f", "avx512dq", "avx512bw", "avx512vl"} <= flags else "avx2"
    wanted = os.environ.get("TIDE_ISA")
    return wanted if wanted in ("base", "avx2") else best


def openblas():
    """What OpenBLAS, loaded as tide loads it, says of itself: asked in a process of its own, since it looks at the environment."""
    found = re.search(r"=> (\S*openblas\S*)", output(["ldd", os.path.join(sides.BUILD, "lua", "tide", "core.so")]))
    if not found:
        return "none"
    return output([sys.executable, os.path.join(HERE, "machine.py"), found.group(1)], env=sides.environment())


def facts(python):
    name, flags = processor()
    torch = output([python, "-c", "import torch, os; print(torch.__version__, torch.get_num_threads(), torch.backends.cpu.get_cpu_capability())"],
                   env=sides.environment()).split()
    return {"processor": name, "processors": os.cpu_count(), "level": level(flags), "openblas": openblas(), "pytorch": torch[0],
            "pytorch_threads": int(torch[1]), "pytorch_level": torch[2], "date": datetime.date.today().isoformat(), "load": os.getloadavg()[0],
            "configurations": sides.CONFIGURATIONS}


def peaks(threads):
    """{"flops": a second, "bytes": [(working set, bytes a second), ...]}"""
    program = os.path.join(sides.BUILD, "peaks")
    source = os.path.join(HERE, "peaks.c")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        subprocess.run(["cc", "-O3", "-march=native", "-ffp-contract=fast", "-o", program, source, "-pthread"], check=True)
    measured = {"bytes": []}
    for line in output([program, str(threads)]).split("\n"):
        kind, *numbers = line.split()
        if kind == "flops":
            measured["flops"] = float(numbers[0])
        else:
            measured["bytes"].append((int(numbers[0]), float(numbers[1])))
    return measured


def bandwidth(peaks_, size):
    """Between the working sets that were measured, on a logarithmic scale."""
    points = peaks_["bytes"]
    for (low, slow), (high, fast) in zip(points, points[1:]):
        if size <= high:
            part = max(0.0, math.log(size / low) / math.log(high / low))
            return slow + part * (fast - slow)
    return points[-1][1]


def bound(workload, peaks_):
    """Seconds below which this machine cannot do the workload, as far as its definition tells; 0 where it tells nothing."""
    least = workload["flops"] / peaks_["flops"]
    if workload["bytes"]:
        least = max(least, workload["bytes"] / bandwidth(peaks_, workload["bytes"]))
    return least


if __name__ == "__main__":
    library = ctypes.CDLL(sys.argv[1])
    library.openblas_get_config.restype = library.openblas_get_corename.restype = ctypes.c_char_p
    print("%s, kernels %s" % (" ".join(library.openblas_get_config().decode().split()[:2]), library.openblas_get_corename().decode()))
