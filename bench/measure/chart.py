"""The pictures: what a comparison found, and how cost grows. Plain SVG, no script, readable on white."""
import math
from xml.sax.saxutils import escape

INK, PALE, OURS = "#24292f", "#d0d7de", "#1f6f8b"
LINES = ["#1f6f8b", "#d1495b", "#edae49", "#66a182", "#7a5195"]


class Picture:
    def __init__(self, width, height):
        self.size = (width, height)
        self.parts = []

    def add(self, element, content=None, **attributes):
        text = " ".join('%s="%s"' % (k.rstrip("_").replace("_", "-"), v if isinstance(v, str) else "%g" % round(v, 2)) for k, v in attributes.items())
        self.parts.append("<%s %s/>" % (element, text) if content is None else "<%s %s>%s</%s>" % (element, text, content, element))

    def text(self, x, y, words, **attributes):
        self.add("text", escape(words), x=x, y=y, **{"fill": INK, "font_size": 13, **attributes})

    def line(self, x1, y1, x2, y2, **attributes):
        self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, **{"stroke": PALE, **attributes})

    def write(self, path):
        with open(path, "w") as out:
            out.write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" font-family="sans-serif">\n' % (*self.size, self.size[0]))
            out.write('<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(self.parts) + "\n</svg>\n")


def beside(places, radius):
    """Heights at which dots at these places, all on one line, do not cover each other."""
    laid = []
    for x in places:
        level = 0
        while any(abs(x - px) < 2 * radius and abs(level - pl) < 2 * radius for px, pl in laid):
            level = -level + radius if level <= 0 else -level
        laid.append((x, level))
    return [level for _, level in laid]


def comparison(path, groups, caption):
    """groups: [(name, geometric mean, [(workload, ratio), ...])]. A dot for each workload: how many times faster than PyTorch."""
    left, width, row, top = 120, 560, 46, 52
    p = Picture(left + width + 110, top + row * len(groups) + 56)
    all_ratios = [r for _, _, members in groups for _, r in members]
    low = min(0.5, 2 ** math.floor(math.log2(1 / max(all_ratios))))
    high = max(4, 2 ** math.ceil(math.log2(1 / min(all_ratios))))

    def place(ratio):
        return left + width * math.log(1 / ratio / low) / math.log(high / low)

    bottom = top + row * len(groups)
    p.text(left, 20, "How many times faster than PyTorch: a dot for each workload", font_weight="bold")
    tick = low
    while tick <= high:
        x = place(1 / tick)
        p.line(x, top - 8, x, bottom, **({"stroke": INK, "stroke_width": 1.5} if tick == 1 else {}))
        p.text(x, top - 14, "%g×" % tick if tick >= 1 else "1/%g" % (1 / tick), text_anchor="middle", font_size=11)
        tick *= 2
    for i, (name, mean, members) in enumerate(groups):
        y = top + row * (i + 0.5)
        p.text(left - 12, y + 4, name, text_anchor="end")
        members = sorted(members, key=lambda m: m[1])
        places = [place(r) for _, r in members]
        for x, level, (workload, r) in zip(places, beside(places, 3.2), members):
            p.add("circle", "<title>%s: %.2f×</title>" % (escape(workload), 1 / r), cx=x, cy=y + max(-row / 2 + 4, min(row / 2 - 4, level)), r=3.2,
                  fill=OURS, fill_opacity="0.75")
        x = place(mean)
        p.line(x, y - row / 2 + 3, x, y + row / 2 - 3, stroke=LINES[1], stroke_width=2)
        p.text(left + width + 14, y + 4, "%.1f×" % (1 / mean), fill=LINES[1], font_weight="bold")
    p.text(left + width + 14, top - 14, "mean", fill=LINES[1], font_size=11)
    for i, line in enumerate(caption):
        p.text(left, bottom + 20 + 15 * i, line, font_size=11)
    p.write(path)


def powers(low, high):
    return range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)


def growth(path, panels):
    """panels: [(title, what x is, what y is, [(name, [(x, y), ...]), ...])], two in a row, both axes logarithmic."""
    width, height, left, top = 430, 330, 62, 40
    p = Picture(2 * width, height * ((len(panels) + 1) // 2))
    for i, (title, across, up, series) in enumerate(panels):
        x0, y0 = width * (i % 2) + left, height * (i // 2) + top
        w, h = width - left - 20, height - top - 56
        xs = [x for _, points in series for x, _ in points]
        ys = [y for _, points in series for _, y in points]
        low_x, high_x = math.log10(min(xs)), math.log10(max(xs))
        low_y, high_y = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

        def place(x, y):
            return (x0 + w * (math.log10(x) - low_x) / (high_x - low_x), y0 + h - h * (math.log10(y) - low_y) / (high_y - low_y))

        p.text(x0, y0 - 14, title, font_weight="bold")
        p.text(x0 + w, y0 + h + 34, across, text_anchor="end", font_size=11)
        p.text(x0 + w, y0 - 14, up, text_anchor="end", font_size=11)
        for power in range(low_y, high_y + 1):
            y = place(10 ** low_x, 10.0 ** power)[1]
            p.line(x0, y, x0 + w, y)
            p.text(x0 - 6, y + 4, "%g" % 10.0 ** power, text_anchor="end", font_size=10)
        doubling = [x for x in sorted(set(xs)) if x & (x - 1) == 0 or x == max(xs)]
        for x in doubling if high_x - low_x < 2.2 else [10 ** k for k in powers(min(xs), max(xs))]:
            at = place(x, 10.0 ** low_y)[0]
            p.line(at, y0, at, y0 + h)
            p.text(at, y0 + h + 15, "%.0e" % x if x >= 1e4 else "%g" % x, text_anchor="middle", font_size=10)
        for k, (name, points) in enumerate(series):
            corners = [place(x, y) for x, y in points]
            p.add("polyline", points=" ".join("%.1f,%.1f" % c for c in corners), fill="none", stroke=LINES[k], stroke_width=2)
            for cx, cy in corners:
                p.add("circle", cx=cx, cy=cy, r=2.5, fill=LINES[k])
            p.text(x0 + w - 8, y0 + h - 22 - 14 * (len(series) - 1 - k), name, fill=LINES[k], font_size=11, text_anchor="end")
    p.write(path)
