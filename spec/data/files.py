"""Makes the files in spec/data/files with NumPy, the safetensors library and PyTorch, and prints what is in them as Lua (spec/data/files.lua):

    python spec/data/files.py >spec/data/files.lua

A tensor is the text of spec/data/text.lua with the bits of its numbers in hexadecimal; what tide reads into a wider dtype stands there in that one.
"""
import collections, io, os, struct, sys, zipfile
import numpy as np
import torch
import safetensors.torch, safetensors.numpy
from emit import header, lua

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
os.makedirs(here, exist_ok=True)
path = lambda name: os.path.join(here, name)
torch.manual_seed(1)
rng = np.random.default_rng(1)
WIDER = {torch.float16: torch.float32, torch.bfloat16: torch.float32, torch.uint16: torch.int32, torch.uint32: torch.int64}


class Text(str):
    pass


def bits(v):
    if isinstance(v, (np.ndarray, np.generic)):
        v = np.asarray(v)
        v = torch.from_numpy(v.astype({"f2": "f4", "u2": "i4", "u4": "i8"}.get(v.dtype.str[1:], v.dtype.newbyteorder("=")), order="C"))
    v = v.detach()
    v = v.to(WIDER.get(v.dtype, v.dtype))
    form = {torch.float32: ">f", torch.float64: ">d"}.get(v.dtype)
    one = lambda x: struct.pack(form, x).hex() if form else str(x).lower()
    return Text(f"{str(v.dtype)[6:]}[{','.join(map(str, v.shape))}] " + " ".join(map(one, v.flatten().tolist())))


def plain(v):
    "Tensors as text, dictionaries as lists of pairs."
    if isinstance(v, (torch.Tensor, np.ndarray, np.generic)): return bits(v)
    if isinstance(v, dict): return {"pairs": [[plain(k), plain(x)] for k, x in v.items() if x is not None]}
    if isinstance(v, (list, tuple)): return [False if x is None else plain(x) for x in v]
    return v


cases = {}


def expect(name, value): cases[name] = plain(value)


# {====== NumPy ======

def npy(name, array, version=None):
    with open(path(name), "wb") as f: np.lib.format.write_array(f, array, version=version)
    if array.dtype.str[1:] not in ("u8", "c8") and array.dtype.names is None: expect(name, array)


npy("float32.npy", np.array([[1.5, -0.0, np.inf], [np.nan, 1e-45, -3.25]], "f4"))
npy("float64_fortran.npy", np.asfortranarray(rng.standard_normal((2, 3, 4))))
npy("int32_big.npy", np.array([[1, -2], [3, 2 ** 31 - 1]], ">i4"))
npy("float64_big.npy", np.array([1.5, -2.5], ">f8"))
npy("int16_fortran_big.npy", np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3)))
npy("int64.npy", np.array([2 ** 63 - 1, -2 ** 63]))
npy("int8.npy", np.array([-128, 127], "i1"))
npy("bool.npy", np.array([True, False, True]))
npy("scalar.npy", np.array(7, "i2"))
npy("empty.npy", np.zeros((0, 3), "u1"))
npy("float16.npy", np.array([1, -2.5, 6e-8, 65504, np.inf, np.nan, -0.0], "f2"))
npy("uint16.npy", np.array([0, 65535], "u2"))
npy("uint32_big.npy", np.array([0, 2 ** 32 - 1], ">u4"))
npy("version2.npy", np.arange(3, dtype="f4"), (2, 0))
npy("version3.npy", np.arange(3, dtype="f4"), (3, 0))
npy("deep.npy", np.arange(6, dtype="i2").reshape(1, 1, 2, 1, 1, 1, 3, 1, 1, 1, 1, 1))
npy("uint64.npy", np.array([1], "u8"))
npy("complex.npy", np.array([1j], "c8"))
npy("record.npy", np.zeros(1, [("a", "f4"), ("b", "i2")]))

arrays = {"weight": rng.standard_normal((3, 2)).astype("f4"), "layer/bias": np.arange(4), "größe": np.array(2.5), "none": np.zeros((2, 0), "f4")}
np.savez(path("stored.npz"), **arrays)
expect("stored.npz", arrays)
np.savez(path("positional.npz"), np.arange(3), np.ones(2))
expect("positional.npz", {"arr_0": np.arange(3), "arr_1": np.ones(2)})
packed = {"zeros": np.zeros(3000, "f4"), "few": np.arange(3, dtype="i1"), "text": np.frombuffer(b"the tide is high, " * 30, "u1"), "noise": rng.integers(0, 256, 300).astype("u1"),
          "steps": np.cumsum(rng.integers(-3, 4, 2000)).astype("i2")}
np.savez_compressed(path("deflated.npz"), **packed)
expect("deflated.npz", packed)

# }====== safetensors ======

tensors = {}
for dtype in (torch.float32, torch.float64, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.float16, torch.bfloat16, torch.uint16, torch.uint32):
    tensors[str(dtype)[6:]] = (torch.arange(6).reshape(2, 3) - (0 if "u" in str(dtype)[6:7] else 2)).to(dtype)
tensors |= {"scalar": torch.tensor(2.5), "none": torch.zeros(0, 2), "größe \"x\"\\": torch.tensor([1]), "odd": torch.tensor([1, 2, 3], dtype=torch.uint8)}
safetensors.torch.save_file(tensors, path("dtypes.safetensors"), {"format": "pt", "text": "zwei\nZeilen \"ä\""})
with safetensors.safe_open(path("dtypes.safetensors"), "pt") as f: order = f.offset_keys()
expect("dtypes.safetensors", {k: tensors[k] for k in order})
safetensors.torch.save_file({}, path("nothing.safetensors"))
expect("nothing.safetensors", {})
safetensors.torch.save_file({"x": torch.zeros(2, dtype=torch.float8_e4m3fn)}, path("float8.safetensors"))
# A header whose length is no multiple of 8: what follows is not aligned.
text = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[1,9]},"b":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}'
text += b" " * (1 if len(text) % 8 == 0 else 0)
with open(path("unaligned.safetensors"), "wb") as f: f.write(struct.pack("<Q", len(text)) + text + b"\1" + struct.pack("<ff", 1.5, -2))
expect("unaligned.safetensors", {"a": torch.tensor([1.5, -2]), "b": torch.tensor([True])})

# }====== PyTorch ======


def save(name, value, **options):
    torch.save(value, path(name), **options)
    expect(name, value)


model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
model(torch.ones(2, 3)).sum().backward()
optimizer.step()
save("state_dict.pt", model.state_dict())
save("training.pt", {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": torch.get_rng_state()[:64].clone(), "loss": [0.5, 0.25]})
save("values.pt", {"int": 5, "negative": -300000, "long": 2 ** 40, "least": -2 ** 63, "float": 0.1, "inf": float("inf"), "true": True, "false": False, "none": None, "text": "für\0x",
                   "list": [1, None, [2, (3, "x")], {}], "tuple": (1, 2, 3, 4), 7: "seven", "size": torch.zeros(2, 3).shape, "empty": (), "long text": "x" * 300,
                   "ordered": collections.OrderedDict(b=1, a=2)})
base = torch.arange(12.0)
save("views.pt", {"base": base, "part": base[3:7], "rows": base.reshape(3, 4), "turned": base.reshape(3, 4).t(), "stepped": base[::3], "expanded": base[5:6].expand(3), "none": base[4:4]})
shared = [1, 2]
save("shared.pt", {"a": shared, "b": shared, "x": base[:2], "y": [base[:2]]})
save("parameter.pt", {"p": torch.nn.Parameter(torch.ones(2)), "x": torch.ones(1, requires_grad=True), "b": torch.zeros(1)})
save("dtypes.pt", {k: v for k, v in tensors.items() if v.dtype in WIDER or v.dtype in (torch.float32, torch.float64, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)})
save("protocol4.pt", {"x": [torch.ones(2, 2), collections.OrderedDict(a=torch.zeros(1))], "t": "é" * 200}, pickle_protocol=4)

# A schedule halfway: its milestones are a Counter.
weight = torch.nn.Parameter(torch.zeros(1))
optimizer = torch.optim.SGD([weight], lr=0.8)
schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 5, 5, 7], gamma=0.5)
rates = []
for i in range(9):
    if i == 3: halfway = {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    if i == 3: buffer = io.BytesIO(); torch.save(halfway, buffer)
    optimizer.step()
    schedule.step()
    rates.append(schedule.get_last_lr()[0])
halfway = torch.load(io.BytesIO(buffer.getvalue()), weights_only=False)
save("schedule.pt", halfway | {"rates": rates[3:]})
save("tensor.pt", torch.tensor([1.0, 2.0]))

# The same with the bytes of storages in the other order.
old, new = io.BytesIO(), path("big_endian.pt")
torch.save(torch.tensor([1.5, -2.0, 3.0]), old)
with zipfile.ZipFile(old) as a, zipfile.ZipFile(new, "w") as b:
    for name in a.namelist():
        data = a.read(name)
        if name.endswith("byteorder"): data = b"big"
        if "/data/" in name: data = np.frombuffer(data, "<f4").astype(">f4").tobytes()
        b.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
expect("big_endian.pt", torch.tensor([1.5, -2.0, 3.0]))

# What is refused: a module, which is code; the old form; what has no counterpart.
torch.save(torch.nn.Linear(1, 1), path("module.pt"))
torch.save(torch.ones(1), path("legacy.pt"), _use_new_zipfile_serialization=False)
torch.save(torch.tensor([1j]), path("complex.pt"))
torch.save({"a": 2 ** 70}, path("huge_integer.pt"))

# A Counter of something else than counts, with the name of a callable beside it.
torch.save({"a": collections.Counter(a=[1])}, path("counter.pt"))


class Evil:
    def __reduce__(self): return os.system, ("echo this must not run",)


torch.save({"a": Evil()}, path("evil.pt"))

# }======


def write(v, indent):
    if isinstance(v, dict) and list(v) == ["pairs"]:
        if not v["pairs"]: return "{pairs = {}}"
        return "{pairs = {\n" + ",\n".join(indent + "   {" + write(k, "") + ", " + write(x, indent + "   ") + "}" for k, x in v["pairs"]) + "\n" + indent + "}}"
    if isinstance(v, Text): return '{tensor = "' + v + '"}'
    if isinstance(v, str): return '"' + "".join(c if c.isprintable() and c not in '"\\' else "".join("\\%03d" % b for b in c.encode()) for c in v) + '"'
    if isinstance(v, list): return "{" + ", ".join(write(x, indent) for x in v) + "}"
    return lua(v)


print("-- generated by spec/data/files.py with PyTorch %s, NumPy %s, safetensors %s" % (torch.__version__, np.__version__, safetensors.__version__))
print("return {")
for name, value in cases.items(): print(f'   ["{name}"] = {write(value, "   ")},')
print("}")
