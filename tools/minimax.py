#!/usr/bin/env python3
"""The coefficients of src/kernels/math_float.h, math_double.h and math_tables.h. Needs mpmath.

    tools/minimax.py            prints all polynomials, each with its largest relative error
    tools/minimax.py tables     prints math_tables.h

A polynomial is the one of its degree whose largest error, weighted so that it is relative to the function, is smallest (Remez' exchange).
"""
import struct
import sys

import mpmath as mp

mp.mp.dps = 60


def remez(g, weight, low, high, degree, rounds=60, points=60):
    """P of that degree for which max |weight(x) (P(x) - g(x))| on [low, high] is smallest, and that maximum."""
    n, low, high = degree + 2, mp.mpf(low), mp.mpf(high)
    tiny = (high - low) * mp.mpf(10) ** -12               # 0 itself, where g may be a quotient, is stepped over

    def nodes(m):
        xs = ((low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / m) for i in range(m + 1))
        return [x if abs(x) > tiny else x + tiny for x in xs]

    xs, grid = nodes(n - 1), nodes(points * n)
    known = [(g(x), weight(x)) for x in grid]
    for _ in range(rounds):
        system, right = mp.matrix(n, n), mp.matrix(n, 1)
        for i, x in enumerate(xs):
            for k in range(degree + 1):
                system[i, k] = x ** k
            system[i, degree + 1] = (-1) ** i / weight(x)
            right[i] = g(x)
        solution = mp.lu_solve(system, right)
        p, level = [solution[k] for k in range(degree + 1)], abs(solution[degree + 1])
        error = [w * (mp.polyval(p[::-1], x) - v) for x, (v, w) in zip(grid, known)]
        peaks = []                                        # the largest error of each run of one sign
        for i, e in enumerate(error):
            if peaks and (e > 0) == (error[peaks[-1]] > 0):
                if abs(e) > abs(error[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        while len(peaks) > n:
            peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
        largest = max(abs(e) for e in error)
        if len(peaks) < n or largest < level * mp.mpf("1.02"):
            break
        xs = [grid[i] for i in peaks]
    return p, largest


def rounded(c, single):
    return mp.mpf(struct.unpack("f", struct.pack("f", float(c)))[0]) if single else mp.mpf(float(c))


def text(c, single):
    word = "%.9g" % float(c) if single else repr(float(c))
    return word + ("" if "." in word or "e" in word else ".0") + "f" if single else word


def fit(name, f, known, factor, low, high, degree, single=False, of=lambda v: v, size=None, lows=0):
    """f(x) = known(x) + factor(x) P(v), where x = of(v); with what the rounding of the first coefficients left."""
    size = size or f
    p, error = remez(lambda v: (f(of(v)) - known(of(v))) / factor(of(v)), lambda v: factor(of(v)) / size(of(v)), low, high, degree)
    print("%s: 2^%.1f\n  %s" % (name, mp.log(error, 2), ", ".join(text(c, single) for c in p)))
    if lows:
        print("  left: " + ", ".join(text(c - rounded(c, single), single) for c in p[:lows]))


def tail(name, f, k, most, degree, lows=0):
    """f(a) = P(q) / (a + k), q = (a - k) / (a + k), 0 <= a <= most."""
    k = mp.mpf(k)

    def g(q):
        a = k * (1 + q) / (1 - q)
        return f(a) * (a + k)
    fit(name, g, lambda q: 0, lambda q: mp.mpf(1), -1, (most - k) / (most + k), degree, lows=lows)


def one(x):
    return mp.mpf(1)


def cube(x):
    return x ** 3


def same(x):
    return x


def scaled_erfc(x):
    return mp.erfc(x) * mp.exp(x * x)


def normal_tail(a):
    return mp.erfc(a / mp.sqrt(2)) / 2


def polynomials():
    r, start, end = mp.log(2) / 2 * mp.mpf("1.0005"), (mp.sqrt(.5) - 1) * mp.mpf("1.0001"), (mp.sqrt(2) - 1) * mp.mpf("1.0001")
    for name, degree, single in ("float32", 4, True), ("roughly", 4, False), ("float64", 9, False):
        fit("exp, %s: 1 + r + r^2 P(r)" % name, mp.exp, lambda x: 1 + x, lambda x: x * x, -r, r, degree, single)
    for name, degree, single in ("float32", 5, True), ("roughly", 6, False), ("float64", 11, False):
        fit("exp2, %s: 1 + f P(f)" % name, lambda x: mp.mpf(2) ** x, one, same, -.5003, .5003, degree, single)
    for name, single in ("float32", True), ("roughly", False):
        fit("log, %s: f - f^2/2 + f^3 P(f)" % name, mp.log1p, lambda x: x - x * x / 2, cube, start, end, 8, single)
    small = mp.mpf("0.17158") ** 2
    fit("pow, float32: 2 s + s^3 P(s^2)", lambda s: 2 * mp.atanh(s), lambda s: 2 * s, cube, 1e-12, small, 4, of=mp.sqrt)
    fit("pow, float64: 2 s + 2/3 s^3 + s^5 P(s^2)", lambda s: 2 * mp.atanh(s), lambda s: 2 * s + 2 * s ** 3 / 3, lambda s: s ** 5, 1e-9, small, 6, of=mp.sqrt)
    fit("tanh, float32: a + a^3 P(a^2)", mp.tanh, same, cube, 1e-12, .625 ** 2, 4, True, of=mp.sqrt)
    fit("sinh, roughly: a + a^3 P(a^2)", mp.sinh, same, cube, 1e-12, 1, 3, of=mp.sqrt)
    fit("sinh, float64", mp.sinh, same, cube, 1e-12, 1, 6, of=mp.sqrt)
    fit("sin, roughly: y + y^3 P(y^2)", mp.sin, same, cube, 1e-12, .62, 3, of=mp.sqrt)
    fit("cos, roughly: 1 + y^2 P(y^2)", mp.cos, one, lambda x: x * x, 1e-12, .62, 3, of=mp.sqrt)
    fit("asin, roughly: s + s^3 P(s^2)", mp.asin, same, cube, 1e-12, .25, 5, of=mp.sqrt)
    fit("atan, roughly: s + s^3 P(s^2)", mp.atan, same, cube, 1e-12, 1, 10, of=mp.sqrt)
    fit("atan, float64", mp.atan, same, cube, 1e-12, .4357, 16, of=mp.sqrt)
    fit("erf, float32: a + a P(a^2)", mp.erf, same, same, 1e-9, .93 ** 2, 6, True, of=mp.sqrt)
    fit("erf, float64: a P(a^2)", mp.erf, lambda x: 0, same, 1e-12, 1, 11, of=mp.sqrt)
    for name, low, high, degree, single in ("float32", .92, 4, 6, True), ("float64", 1, 6, 18, False):
        p, error = remez(lambda x: -mp.log(mp.erfc(x)) / x, lambda x: x * mp.erfc(x) / mp.erf(x), low, high, degree)
        print("erf, %s: 1 - e^(-a P(a)): 2^%.1f\n  %s" % (name, mp.log(error, 2), ", ".join(text(c, single) for c in p)))
    tail("erfc, float64: e^-a^2 P(q) / (a + 2)", scaled_erfc, 2, mp.mpf(27.5), 26, 2)
    tail("gelu, float64: e^(-a^2/2) P(q) / (a + 2.5)", lambda a: scaled_erfc(a / mp.sqrt(2)) / 2, 2.5, mp.mpf(39), 27, 2)
    tail("gelu, roughly: e^(-a^2/2) P(q) / (a + 3)", lambda a: scaled_erfc(a / mp.sqrt(2)) / 2, 3, mp.mpf(15), 10)


def table(name, f, size, alpha, beta, degree):
    """The rows of a table of 32 intervals: interval k is where alpha a + beta a^2 is nearest to k."""
    def at(k):
        k = mp.mpf(k)
        return k / alpha if beta == 0 else (mp.sqrt(alpha ** 2 + 4 * beta * k) - alpha) / (2 * beta)
    columns = []
    for k in range(32):
        low, high = at(k - .50001) if k else mp.mpf(0), at(k + .50001)
        middle = rounded((low + high) / 2, True) if k else mp.mpf(0)
        p, _ = remez(lambda d: f(middle + d), lambda d: 1 / size(middle + d), low - middle, high - middle, degree, 20, 12)
        columns.append([middle, p[0], p[0] - rounded(p[0], True)] + p[1:])
    print("static const float %s[%d][32] = {" % (name, len(columns[0])))
    for row in zip(*columns):
        words = [text(rounded(c, True), True) for c in row]
        print("  {" + ",\n   ".join(", ".join(words[i:i + 8]) for i in range(0, 32, 8)) + "},")
    print("};\n")


HEAD = """/*
** Tables for AVX-512, which finds one of 32 floats in two registers by an index: polynomials for 32 intervals of a (tools/minimax.py). Interval k is where the
** given function of a is nearest to k. The rows of a table: the interval's middle c, the constant, what its rounding left, then the coefficients of a - c, (a - c)^2 ...
*/
#ifndef TIDE_KERNELS_MATH_TABLES_H
#define TIDE_KERNELS_MATH_TABLES_H
"""


def tables():
    def density(a):
        return a * mp.exp(-a * a / 2) / mp.sqrt(2 * mp.pi)

    def logistic(a):
        return 1 / (1 + mp.exp(a))
    alpha, beta = mp.mpf("1.09375"), mp.mpf("0.6875")
    print(HEAD)
    print("/* 1 / (1 + e^a): k = 1.6 a */\n#define LOGISTIC_MOST 19.68f")
    table("tide__logistic_table", logistic, logistic, mp.mpf("1.6"), 0, 6)
    print("/* The normal distribution's tail beyond a. It falls as e^(-a^2/2): k = 1.09375 a + 0.6875 a^2 */\n#define TAIL_MOST     6.0f")
    table("tide__tail_table", normal_tail, normal_tail, alpha, beta, 6)
    print("/* That minus a times the density at a. */")
    table("tide__slope_table", lambda a: normal_tail(a) - density(a), lambda a: max(normal_tail(a), density(a)), alpha, beta, 6)
    print("#endif")


if sys.argv[1:] == ["tables"]:
    tables()
else:
    polynomials()
