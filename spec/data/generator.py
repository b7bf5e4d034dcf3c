"""Reference model of PyTorch 2.13's CPU generator (x86-64 wheel, AVX2 or better), bit for bit, in plain Python.

No tensors in here: values are Python floats and ints, float32 values are floats rounded by f32(). The C library math
functions and fused multiply-adds come from the system's libm. `python3 streams.py check` compares it with PyTorch.
"""
import ctypes, ctypes.util, math, struct

libm = ctypes.CDLL(ctypes.util.find_library("m"))
for name, n, t in (("fma", 3, ctypes.c_double), ("fmaf", 3, ctypes.c_float), ("log1p", 1, ctypes.c_double),
                   ("log", 1, ctypes.c_double), ("sin", 1, ctypes.c_double), ("cos", 1, ctypes.c_double)):
    f = getattr(libm, name)
    f.argtypes, f.restype = [t] * n, t
fma, fmaf = libm.fma, libm.fmaf


def f32(x):
    "x rounded to the nearest float32. A double sum, product, quotient or root of float32 values may be rounded again."
    return ctypes.c_float(x).value


def bits32(x): return struct.unpack("<I", struct.pack("<f", x))[0]
def from_bits32(u): return struct.unpack("<f", struct.pack("<I", u & 0xFFFFFFFF))[0]


class Generator:
    def __init__(self, seed):
        self.manual_seed(seed)

    # -- words ---------------------------------------------------------------------------------------------------
    def manual_seed(self, seed):
        "Only the low 32 bits count. Clears the kept normal."
        st = [seed & 0xFFFFFFFF]
        for j in range(1, 624):
            st.append((1812433253 * (st[-1] ^ (st[-1] >> 30)) + j) & 0xFFFFFFFF)
        self.state, self.next, self.kept = st, 624, None

    def r32(self):
        if self.next == 624:
            s, self.next = self.state, 0
            for i in range(624):
                y = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7FFFFFFF)
                s[i] = s[(i + 397) % 624] ^ (y >> 1) ^ (0x9908B0DF if y & 1 else 0)
        y = self.state[self.next]
        self.next += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9D2C5680
        y ^= (y << 15) & 0xEFC60000
        return y ^ (y >> 18)

    def r64(self):
        high = self.r32()
        return high << 32 | self.r32()

    def u24(self): return (self.r32() & 0xFFFFFF) * 2.0 ** -24
    def u53(self): return (self.r64() & (2 ** 53 - 1)) * 2.0 ** -53

    # -- uniform and integers ------------------------------------------------------------------------------------
    def uniform(self, n, a=0.0, b=1.0, double=False):
        if double:
            d = [fma(self.u53(), b - a, a) for _ in range(n)]
        else:
            a, b = f32(a), f32(b)
            w = f32(b - a)
            d = [fmaf(self.u24(), w, a) for _ in range(n)]
        return [a if x == b else x for x in d]          # rounding up to b would leave [a, b)

    def randint(self, low, high, n):
        "Any dtype; the value is converted to it afterwards."
        span = high - low
        draw = self.r64 if span >= 2 ** 28 else self.r32
        return [draw() % span + low for _ in range(n)]

    def randperm(self, n):
        p = list(range(n))
        for i in range(n - 1):
            z = self.r32() % (n - i)
            p[i], p[i + z] = p[i + z], p[i]
        return p

    def bernoulli_(self, p, n): return [int(self.u53() < p) for _ in range(n)]              # p a number
    def bernoulli(self, ps, double=False):                                                  # p a tensor
        return [int((self.u53() if double else self.u24()) < p) for p in ps]

    # -- normal --------------------------------------------------------------------------------------------------
    def normal(self, n, mean=0.0, std=1.0, double=False, contiguous=True):
        if n < 16 or not contiguous:
            d = [fma(self.normal1(), std, mean) for _ in range(n)]
            return d if double else [f32(x) for x in d]
        draw, transform = (self.u53, pairs64) if double else (self.u24, pairs32)
        if not double: mean, std = f32(mean), f32(std)
        d = [draw() for _ in range(n)]
        for i in range(0, n - 15, 16):
            d[i:i + 16] = transform(d[i:i + 16], mean, std)
        if n % 16:
            d[n - 16:] = transform([draw() for _ in range(16)], mean, std)
        return d

    def normal1(self):
        "One standard normal in double; every second one was kept from the call before."
        if self.kept is not None:
            x, self.kept = self.kept, None
            return x
        u1, u2 = self.u53(), self.u53()
        r = math.sqrt(-2.0 * libm.log1p(-u2))
        theta = 2.0 * math.pi * u1
        self.kept = r * libm.sin(theta)
        return r * libm.cos(theta)

    # -- later milestones ----------------------------------------------------------------------------------------
    def exponential(self, n, rate=1.0, double=False):
        d = [-1.0 / rate * libm.log1p(-self.u53()) for _ in range(n)]
        return d if double else [f32(x) for x in d]

    def random_(self, n, dtype):
        m = {"int64": 2 ** 63, "int32": 2 ** 31, "int16": 2 ** 15, "int8": 2 ** 7, "uint8": 2 ** 8, "bool": 2,
             "float32": 2 ** 24 + 1, "float64": 2 ** 53 + 1}[dtype]
        draw = self.r64 if dtype in ("int64", "float64") else self.r32
        return [draw() % m for _ in range(n)]

    def multinomial(self, weights, n, replacement=False):
        "Positions from 0. weights: float32."
        if n == 1 or not replacement:                   # the race of exponential clocks
            q = [f32(f32(w) / e) if e else math.inf for w, e in zip(weights, self.exponential(len(weights)))]
            return sorted(range(len(q)), key=lambda i: -q[i])[:n]
        total, cdf = 0.0, []
        for w in weights:
            total = f32(total + w)
            cdf.append(total)
        cdf = [f32(c / total) for c in cdf]
        out = []
        for _ in range(n):
            u, lo, hi = self.u53(), 0, len(cdf)
            while lo < hi:
                mid = lo + (hi - lo) // 2
                if cdf[mid] < u: lo = mid + 1
                else: hi = mid
            out.append(lo)
        return out


def pairs64(d, mean, std):
    "Sixteen uniforms to sixteen normals: pair j and j + 8."
    out = [0.0] * 16
    for j in range(8):
        r = math.sqrt(-2.0 * libm.log(1.0 - d[j]))
        theta = 2.0 * math.pi * d[j + 8]
        out[j], out[j + 8] = fma(r * libm.cos(theta), std, mean), fma(r * libm.sin(theta), std, mean)
    return out


def pairs32(d, mean, std):
    out = [0.0] * 16
    for j in range(8):
        r = f32(math.sqrt(f32(-2.0 * log32(f32(1.0 - d[j])))))
        s, c = sincos32(f32(f32(2.0 * math.pi) * d[j + 8]))
        out[j], out[j + 8] = fmaf(f32(r * c), std, mean), fmaf(f32(r * s), std, mean)
    return out


LOG = [f32(c) for c in (7.0376836292E-2, -1.1514610310E-1, 1.1676998740E-1, -1.2420140846E-1, 1.4249322787E-1,
                        -1.6668057665E-1, 2.0000714765E-1, -2.4999993993E-1, 3.3333331174E-1)]
SQRTHF, Q1, Q2 = f32(0.707106781186547524), f32(-2.12194440e-4), f32(0.693359375)


def log32(x):
    "Cephes logf, 0 < x <= 1, with the multiply-adds fused as the compiler fused them."
    u = bits32(x)
    e = float((u >> 23) - 126)
    x = from_bits32((u & 0x007FFFFF) | 0x3F000000)      # mantissa in [0.5, 1)
    if x < SQRTHF:
        e -= 1.0
        x = f32(f32(x - 1.0) + x)
    else:
        x = f32(x - 1.0)
    z = f32(x * x)
    y = LOG[0]
    for c in LOG[1:]:
        y = fmaf(y, x, c)
    y = f32(y * x)
    y = fmaf(y, z, f32(e * Q1))
    y = fmaf(-z, 0.5, y)
    return fmaf(e, Q2, f32(x + y))


FOPI = f32(1.27323954473516)                            # 4 / pi
DP1, DP2, DP3 = f32(-0.78515625), f32(-2.4187564849853515625e-4), f32(-3.77489497744594108e-8)
SIN = [f32(c) for c in (-1.9515295891E-4, 8.3321608736E-3, -1.6666654611E-1)]
COS = [f32(c) for c in (2.443315711809948E-005, -1.388731625493765E-003, 4.166664568298827E-002)]


def sincos32(x):
    "Cephes sinf and cosf, x >= 0."
    j = (int(f32(x * FOPI)) + 1) & ~1                   # octant, rounded up to even
    y = float(j)
    x = fmaf(y, DP1, x)
    x = fmaf(y, DP2, x)
    x = fmaf(y, DP3, x)
    z = f32(x * x)
    c = fmaf(fmaf(COS[0], z, COS[1]), z, COS[2])
    c = f32(c * z)
    c = f32(fmaf(c, z, -f32(z * 0.5)) + 1.0)
    s = fmaf(fmaf(SIN[0], z, SIN[1]), z, SIN[2])
    s = f32(s * z)
    s = fmaf(s, x, x)
    if j & 2: s, c = c, s
    return (-s if j & 4 else s), (c if (j - 2) & 4 else -c)
