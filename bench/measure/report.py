"""What a comparison prints, and the figures as JSON."""
import json
import math

from sides import CONFIGURATIONS

NAME = 46
MORE_THREADS = 1.1            # what a target allows with more threads than one


def time(seconds):
    """Microseconds with as many digits as they are worth."""
    us = seconds * 1e6
    return "%.3f" % us if us < 10 else "%.1f" % us if us < 1000 else "{:,.0f}".format(us)


def spread(side):
    return "%s (%s-%s)" % (time(side["median"]), time(side["q1"]), time(side["q3"])) + ("~" if side["plateau"] else "")


def of_threads(n):
    return "1 thread" if n == 1 else "%d threads" % n


def best(workload):
    """PyTorch's fastest configuration: its name and its figures."""
    theirs = {label: s for label, s in workload["sides"].items() if label in CONFIGURATIONS}
    label = min(theirs, key=lambda l: theirs[l]["median"])
    return label, theirs[label]


def ratio(workload):
    return workload["sides"]["tide"]["median"] / best(workload)[1]["median"]


def target(workload):
    if workload["target"] is None:
        return None
    return workload["target"] * (1 if workload["threads"] == 1 else MORE_THREADS)


def over(workload):
    return target(workload) is not None and ratio(workload) > target(workload)


def mean(workloads):
    return math.exp(sum(math.log(ratio(w)) for w in workloads) / len(workloads))


def by_group(workloads):
    """[(group, its workloads that were compared)]"""
    done = [w for w in workloads if "sides" in w]
    return [(group, [w for w in done if w["group"] == group]) for group in dict.fromkeys(w["group"] for w in done)]


def facts(f):
    print("processor  %s; %d of them" % (f["processor"], f["processors"]))
    print("tide       kernels %s; OpenBLAS: %s" % (f["level"], f["openblas"]))
    print("PyTorch    %s, kernels %s, by itself %s" % (f["pytorch"], f["pytorch_level"], of_threads(f["pytorch_threads"])))
    print("date       %s; load of the machine before: %.1f" % (f["date"], f["load"]))
    print("Medians in microseconds (quartiles in brackets); PyTorch's is the fastest of %s." % ", ".join(f["configurations"]))


def size(n):
    return "%d MB" % (n >> 20) if n >= 1 << 20 else "%d KB" % (n >> 10)


def peaks(p, threads):
    print("\npeak, %s: %.0f GFLOP/s; GB/s in %s" % (of_threads(threads), p["flops"] / 1e9, ", ".join(
        "%s: %.0f" % (size(n), rate / 1e9) for n, rate in p["bytes"])))


def heading(group, threads):
    print("\n%-*s %26s %26s %8s %6s %7s %10s" % (NAME, "%s, %s" % (group, of_threads(threads)), "tide", "PyTorch", "", "ratio", "target", "bound"))


def line(w):
    if "failed" in w:
        print("%-*s %s" % (NAME, w["name"], w["failed"]), flush=True)
        return
    label, theirs = best(w)
    wanted = target(w)
    note = "  over" if over(w) else ""
    for beside in ("compile", "jax"):
        if beside in w["sides"]:
            note += "  %s %s" % (beside, time(w["sides"][beside]["median"]))
    if w["threads"] == 1 and w["parallel"] > 1.2:
        note += "  tide ran on %.1f processors" % w["parallel"]
    print("%-*s %26s %26s %8s %6.3f %7s %10s%s" % (NAME, w["name"], spread(w["sides"]["tide"]), spread(theirs), label, ratio(w),
                                                   "" if wanted is None else "%.3g" % wanted, time(w["bound"]) if w["bound"] else "", note), flush=True)


def process(costs):
    if costs:
        print("\n%-*s %26s %26s %23s" % (NAME, "process", "tide", "PyTorch", "target"))
    for what, unit, ours, theirs, wanted in costs:
        print("%-*s %23.1f %s %23.1f %s %20.1f %s%s" % (NAME, what, ours, unit, theirs, unit, wanted, unit, "  over" if ours > wanted else ""))


def closing(workloads, threads, targets, seed):
    groups = by_group(workloads)
    print("\n%-*s %26s" % (NAME, "geometric means, " + of_threads(threads), "tide / PyTorch"))
    for group, members in groups:
        if group != "draws":
            print("%-*s %26.3f  (%d workloads)" % (NAME, group, mean(members), len(members)))
    chosen = [w for group, members in groups if group != "draws" for w in members]
    if chosen:
        print("%-*s %26.3f  (%d workloads; target %.3g)" % (NAME, "all", mean(chosen), len(chosen), targets["mean"]))
        listing(chosen)
    drawn = dict(groups).get("draws")
    if drawn:
        print("\n%d workloads drawn with seed %d: geometric mean %.3f, worst ratio %.3f" % (len(drawn), seed, mean(drawn), max(map(ratio, drawn))))
        listing(drawn)
    failed = [w for w in workloads if "failed" in w]
    if failed:
        print("\nnot compared: %d" % len(failed))
        for w in failed:
            print("   %-*s %s" % (NAME, w["name"], w["failed"]))


def listing(workloads):
    print("\nslower than PyTorch: %d of %d; over their target: %d of %d" % (
        sum(ratio(w) > 1 for w in workloads), len(workloads), sum(map(over, workloads)), sum(target(w) is not None for w in workloads)))
    for w in sorted(workloads, key=ratio, reverse=True):
        if ratio(w) > 1 or over(w):
            print("   %-*s %6.3f%s" % (NAME, w["name"], ratio(w), "" if target(w) is None else "  (%s %.3g)" % ("over" if over(w) else "target", target(w))))


def for_chart(f, workloads, threads):
    """What chart.comparison draws of these results."""
    groups = [(group, mean(members), [(w["name"], ratio(w)) for w in members])
              for group, members in by_group([w for w in workloads if w["threads"] == threads]) if group != "draws"]
    caption = ["%s; %s; %s" % (f["processor"], of_threads(threads), f["date"]), "PyTorch %s, the fastest of its configurations; red: geometric mean" % f["pytorch"]]
    return groups, caption


BEGIN, END = "<!-- written by bench/compare --markdown -->", "<!-- until here -->"


def write_markdown(path, f, workloads, costs, targets):
    """Puts the figures into this page, between the two marks."""
    with open(path) as page:
        before, _, rest = page.read().partition(BEGIN)
        _, found, after = rest.partition(END)
    if not found:
        raise SystemExit("bench/compare: %s has no marks to write between" % path)
    with open(path, "w") as page:
        page.write("\n".join([before + BEGIN, *markdown(f, workloads, costs, targets), END + after]))


def markdown(f, workloads, costs, targets):
    """Lines: what was measured on, a row for each workload, the means."""
    counts = sorted({w["threads"] for w in workloads})
    yield "%s, %s; %s (%d of them), tide's kernels %s, OpenBLAS %s, PyTorch %s with kernels %s; seed of the draws %d. Microseconds." % (
        f["date"], " and ".join(map(of_threads, counts)), f["processor"], f["processors"], f["level"], f["openblas"], f["pytorch"],
        f["pytorch_level"], f["seed"])
    columns = [c for n in counts for c in ("tide, " + of_threads(n), "PyTorch", "ratio")]
    heads = ["workload", "target", "bound"] + columns
    for group in dict.fromkeys(w["group"] for w in workloads):
        yield from ("", "| %s |" % " | ".join([group] + heads[1:]), "|%s" % ("---|" + "--:|" * (len(heads) - 1)))
        for name in dict.fromkeys(w["name"] for w in workloads if w["group"] == group):
            yield "| %s |" % " | ".join(row(name, [w for w in workloads if w["name"] == name], counts))
        for_means = [[w for w in workloads if w["group"] == group and w["threads"] == n and "sides" in w] for n in counts]
        yield "| **geometric mean** | | | %s |" % " | ".join("| | **%.3f**" % mean(ws) if ws else "| |" for ws in for_means)
    yield ""
    for n in counts:
        chosen = [w for w in workloads if w["threads"] == n and w["group"] != "draws" and "sides" in w]
        yield "- %s: geometric mean of %d workloads **%.3f** (target %.3g), %d slower than PyTorch, %d over their target" % (
            of_threads(n), len(chosen), mean(chosen), targets["mean"], sum(ratio(w) > 1 for w in chosen), sum(map(over, chosen)))
    for what, unit, ours, theirs, wanted in costs:
        yield "- %s: %.1f %s, PyTorch %.1f %s (at most %.1f %s wanted)" % (what, ours, unit, theirs, unit, wanted, unit)


def row(name, members, counts):
    first = members[0]
    cells = [name, "" if first["target"] is None else "%.3g" % first["target"], time(first["bound"]) if first["bound"] else ""]
    for n in counts:
        w = next((m for m in members if m["threads"] == n and "sides" in m), None)
        cells += [time(w["sides"]["tide"]["median"]), time(best(w)[1]["median"]),
                  ("**%.3f**" if over(w) else "%.3f") % ratio(w)] if w else ["", "", ""]
    return cells


def write_json(path, f, workloads, costs):
    for w in workloads:
        if "sides" in w:
            w["ratio"], w["best"] = ratio(w), best(w)[0]
    with open(path, "w") as out:
        json.dump({"facts": f, "workloads": workloads,
                   "process": [dict(zip(("name", "unit", "tide", "pytorch", "target"), c)) for c in costs]}, out, indent=1)
