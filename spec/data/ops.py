"""PyTorch's results for the samples of the operators:

tools/run spec/support/samples.lua cases | python3 spec/data/ops.py > spec/data/ops.lua
"""
import json, sys
from emit import torch, header, lua, number, text

DTYPES = {n: getattr(torch, n) for n in "float32 float64 int64 int32 int16 int8 uint8 bool".split()}
# Which results are positions, by name of the function: counted from 1 in Lua.
POSITIONS = {**{n: {0} for n in "argmax argmin argsort nonzero searchsorted bucketize tril_indices triu_indices argwhere randperm multinomial".split()},
             **{n: {1} for n in "sort topk max min kthvalue mode median nanmedian cummax cummin".split()}}


def value(v, kind):
    "An argument, with positions from 0."
    if isinstance(v, list): return [value(x, kind) for x in v]
    if isinstance(v, dict) and "tensor" in v:
        t = torch.tensor(v["values"], dtype=DTYPES[v["tensor"]]).reshape(v["shape"])
        return torch.where(t > 0, t - 1, t) if kind == "PT" else t
    if isinstance(v, dict): return DTYPES[v["dtype"]]
    if kind in ("DIM", "DIMS", "POS") and isinstance(v, int) and not isinstance(v, bool) and v > 0: return v - 1
    if kind == "OTL" and v is False: return None
    return v


def call(name, kinds, names, args):
    given = {}
    if args and isinstance(args[-1], dict) and "keywords" in args[-1]:
        given = {k: value(v, kinds[names.index(k)]) for k, v in args[-1]["keywords"].items()}
        args = args[:-1]
    if len(args) > len(kinds): args = args[:len(kinds) - 1] + [args[len(kinds) - 1:]]          # sizes written out
    values = [value(v, kind) for v, kind in zip(args, kinds)]
    while values and values[-1] is None: values.pop()
    f = torch
    for part in name.split("."): f = getattr(f, part, None)
    if f is None: f = getattr(torch.Tensor, name)
    try:
        return f(**{k: v for k, v in zip(names, values) if v is not None}, **given)
    except TypeError:
        return f(*values, **given)


def texts(results, positions):
    "A flat list, as operators_spec.lua makes it."
    if not isinstance(results, (tuple, list)): results = [results]
    out = []
    for k, r in enumerate(results):
        if isinstance(r, (tuple, list)): out += texts(r, positions)
        elif isinstance(r, torch.Tensor): out.append(text(r + 1 if k in positions and r.dtype == torch.int64 else r))
        else: out.append(number(r))
    return out


header("ops", "id -> dtype -> for each sample (or for the special values of a row) the list of results")
table = {}
for line in sys.stdin:
    c = json.loads(line)
    try:
        result = texts(call(c["name"], c["kinds"], c["names"], c["args"]), POSITIONS.get(c["name"], ()))
    except Exception as e:
        if c["dtype"] == "float64": print(f"{c['id']}, sample {c['sample']}: {e}", file=sys.stderr)
        continue                                                # or PyTorch takes no integers there
    table.setdefault(c["id"], {}).setdefault(c["dtype"], {})[c["sample"]] = result
print("return {")
for id, dtypes in table.items():
    print(f"   [\"{id}\"] = {{")
    for dtype, samples in dtypes.items():
        print(f"      [\"{dtype}\"] = {{")
        for k, r in samples.items(): print(f"         [{k}] = {lua(r)},")
        print("      },")
    print("   },")
print("}")
