"""100 operations on one number, forward and backward: PyTorch's side. Prints the median time of one round in microseconds."""
import statistics
import time

import torch

torch.set_num_threads(1)
x = torch.tensor([0.5], requires_grad=True)


def round():
    y = x
    for _ in range(50):
        y = y * 1.01 + 0.01
    y.backward()
    x.grad = None


for _ in range(200):
    round()
samples = []
for _ in range(101):
    start = time.process_time()
    for _ in range(50):
        round()
    samples.append((time.process_time() - start) / 50 * 1e6)
print("%.2f" % statistics.median(samples))
