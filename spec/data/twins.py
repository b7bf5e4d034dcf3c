# Writes spec/data/twins.lua: the losses of the first 100 steps that the examples' twins print under PyTorch.
import subprocess
import sys

import torch

out = open("spec/data/twins.lua", "w")
out.write("-- Made by spec/data/twins.py under PyTorch %s.\nreturn {\n" % torch.__version__)
for name in ["04_digits_nn", "05_char_mlp", "06_pinn"]:
    out.write("   [%r] = {\n" % name)
    for dtype in ["float64", "float32"]:
        text = subprocess.run([sys.executable, "examples/%s.py" % name, "losses", dtype, "100"], check=True, capture_output=True, text=True).stdout
        values = text.split()
        lines = [", ".join(values[i:i + 6]) for i in range(0, 100, 6)]
        out.write("      %s = {\n         %s},\n" % (dtype, ",\n         ".join(lines)))
    out.write("   },\n")
out.write("}\n")
