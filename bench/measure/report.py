"""What a comparison prints, and the figures as JSON."""
import json
import math

NAME = 46
MORE_THREADS = 1.1            # what a target allows with more threads than one


def time(seconds):
    """Microseconds with as many digits as they are worth."""
    us = seconds * 1e6
    return "%.3f" % us if us < 10 else "%.1f" % us if us < 1000 else "{:,.0f}".format(us)


def spread(side):
    return "%s (%s-%s)" % (time(side["median"]), time(side["q1"]), time(side["q3"])) + ("~" if side["plateau"] else "")


def best(workload):
    """PyTorch's fastest configuration: its name and its figures."""
    theirs = {label: s for label, s in workload["sides"].items() if label != "tide"}
    label = min(theirs, key=lambda l: theirs[l]["median"])
    return label, theirs[label]


def ratio(workload):
    return workload["sides"]["tide"]["median"] / best(workload)[1]["median"]


def target(workload):
    if workload.get("target") is None:
        return None
    return workload["target"] * (1 if workload["threads"] == 1 else MORE_THREADS)


def mean(workloads):
    return math.exp(sum(math.log(ratio(w)) for w in workloads) / len(workloads))


def facts(f):
    print("processor  %s; %d of them" % (f["processor"], f["processors"]))
    print("tide       kernels %s; OpenBLAS %s" % (f["level"], f["openblas"]))
    print("PyTorch    %s, kernels %s, by itself %d threads" % (f["pytorch"], f["pytorch_level"], f["pytorch_threads"]))
    print("date       %s" % f["date"])
    print("Medians in microseconds (quartiles in brackets); PyTorch's is the fastest of %s." % ", ".join(f["configurations"]))


def peaks(p, threads):
    print("\npeak, %d thread%s: %.0f GFLOP/s; %s" % (threads, "s" if threads > 1 else "", p["flops"] / 1e9, ", ".join(
        "%s %.0f GB/s" % (size(n), rate / 1e9) for n, rate in p["bytes"])))


def size(n):
    return "%d MB" % (n >> 20) if n >= 1 << 20 else "%d KB" % (n >> 10)


def heading(group, threads):
    print("\n%-*s %26s %26s %8s %6s %7s %10s" % (NAME, "%s, %d thread%s" % (group, threads, "s" if threads > 1 else ""), "tide", "PyTorch", "", "ratio",
                                                 "target", "bound"))


def line(w):
    if "failed" in w:
        print("%-*s %s" % (NAME, w["name"], w["failed"]), flush=True)
        return
    label, theirs = best(w)
    wanted = target(w)
    note = ""
    if wanted and ratio(w) > wanted:
        note = "  over"
    if w["threads"] == 1 and w["parallel"] > 1.2:
        note += "  tide ran on %.1f processors" % w["parallel"]
    print("%-*s %26s %26s %8s %6.3f %7s %10s%s" % (NAME, w["name"], spread(w["sides"]["tide"]), spread(theirs), label, ratio(w),
                                                   "" if wanted is None else "%.3g" % wanted, time(w["bound"]) if w["bound"] else "", note), flush=True)


def closing(workloads, threads):
    done = [w for w in workloads if "sides" in w]
    print("\n%-*s %26s" % (NAME, "geometric means, %d thread%s" % (threads, "s" if threads > 1 else ""), "tide / PyTorch"))
    for group in dict.fromkeys(w["group"] for w in done):
        members = [w for w in done if w["group"] == group]
        print("%-*s %26.3f  (%d workloads)" % (NAME, group, mean(members), len(members)))
    print("%-*s %26.3f  (%d workloads)" % (NAME, "all", mean(done), len(done)))
    listing("slower than PyTorch", [w for w in done if ratio(w) > 1])
    listing("over its target", [w for w in done if target(w) and ratio(w) > target(w)])
    failed = [w for w in workloads if "failed" in w]
    if failed:
        print("\nnot compared: %d" % len(failed))
        for w in failed:
            print("   %-*s %s" % (NAME, w["name"], w["failed"]))


def listing(what, workloads):
    print("\n%s: %d" % (what, len(workloads)))
    for w in sorted(workloads, key=ratio, reverse=True):
        wanted = target(w)
        print("   %-*s %6.3f%s" % (NAME, w["name"], ratio(w), "  (target %.3g)" % wanted if wanted else ""))


def write_json(path, f, workloads):
    for w in workloads:
        if "sides" in w:
            w["ratio"], w["best"] = ratio(w), best(w)[0]
    with open(path, "w") as out:
        json.dump({"facts": f, "workloads": workloads}, out, indent=1)
