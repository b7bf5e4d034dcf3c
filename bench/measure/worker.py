"""PyTorch's side of a comparison: the same orders as worker.lua takes, and the same answers.
    python bench/measure/worker.py GROUP THREADS
"""
import os
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
group, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
module = __import__(group)
workloads = {}


def work(name):
    assert name not in workloads, name

    def keep(setup):
        workloads[name] = setup
        return setup
    return keep


if group != "draws":
    module.workloads(work)
run = check = None


def digest(x):
    if not torch.is_tensor(x):
        x = torch.tensor(x, dtype=torch.float64)
    x = x.detach()
    out = [str(x.dtype).split(".")[1], "x".join(str(s) for s in x.shape)]
    v = x.reshape(-1)
    n = v.numel()
    if n > 1 << 18:
        v = v[::n // (1 << 18) + 1]
        n = v.numel()
    v = v.to(torch.float64)
    if n > 0:
        weights = (torch.arange(n, dtype=torch.float64) * 0.6180339887498949).frac()
        out.append("%.17g %.17g %.17g" % (v.abs().sum().item(), v.sum().item(), (v * weights).sum().item()))
        out.extend("%.17g" % v[i].item() for i in range(0, n, n // 32 + 1))
    return " ".join(out)


def start(setup):
    global run, check
    torch.manual_seed(1)
    made = setup()
    run, check = made if isinstance(made, tuple) else (made, made)


def list_all(_):
    print("\n".join(workloads))


def check_all(_):
    results = check()
    for x in results if isinstance(results, tuple) else (results,):
        print(digest(x))


def repeat(n):
    f = run
    begin = time.process_time()
    for _ in range(int(n)):
        f()
    print("%.6f" % (time.process_time() - begin))


def close(_):
    global run, check
    run = check = None


def status(_):
    with open("/proc/self/status") as lines:
        for line in lines:
            if line.startswith("Vm"):
                print(*line.replace(":", "").split()[:2], sep="\t")


orders = {
    "list": list_all, "check": check_all, "run": repeat, "close": close, "status": status,
    "open": lambda name: start(workloads[name]),
    "draw": lambda recipe: start(lambda: module.draw(recipe)),
    "version": lambda _: print(torch.__version__),
}
for line in sys.stdin:
    name, _, rest = line.rstrip("\n").partition(" ")
    try:
        orders[name](rest)
    except Exception as problem:
        print("error", str(problem).split("\n")[0])
    print(".", flush=True)
