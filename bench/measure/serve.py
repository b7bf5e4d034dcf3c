"""Takes the orders that worker.lua takes, and gives the same answers: for the sides in Python."""
import sys
import time


class Server:
    """workloads: {name: function that builds inputs and gives what to run, or that and what to check}. `seed` is called
    before; `draw` makes such a function of a recipe; `digest` turns a result into a line."""

    def __init__(self, workloads, seed, digest=None, draw=None):
        self.workloads, self.seed, self.digest, self.draw_from = workloads, seed, digest, draw
        self.run_it = self.check_it = None

    def list(self, _):
        print("\n".join(self.workloads))

    def start(self, setup):
        self.seed()
        made = setup()
        self.run_it, self.check_it = made if isinstance(made, tuple) else (made, made)

    def open(self, name):
        self.start(self.workloads[name])

    def draw(self, recipe):
        self.start(lambda: self.draw_from(recipe))

    def check(self, _):
        results = self.check_it()
        for x in results if isinstance(results, tuple) else (results,):
            print(self.digest(x))

    def run(self, n):
        f = self.run_it
        begin = time.process_time()
        for _ in range(int(n)):
            f()
        print("%.6f" % (time.process_time() - begin))

    def close(self, _):
        self.run_it = self.check_it = None

    def status(self, _):
        with open("/proc/self/status") as lines:
            for line in lines:
                if line.startswith("Vm"):
                    print(*line.replace(":", "").split()[:2], sep="\t")

    def serve(self):
        for line in sys.stdin:
            name, _, rest = line.rstrip("\n").partition(" ")
            try:
                getattr(self, name)(rest)
            except Exception as problem:
                print("error", " ".join(str(problem).split("\n")[:1]) or type(problem).__name__)
            print(".", flush=True)
