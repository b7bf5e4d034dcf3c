# The twin of 04_digits_nn.lua: python 04_digits_nn.py losses float64 100 prints the losses of the first steps.
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

TRAIN = 1437
dtype, steps = getattr(torch, sys.argv[2]), int(sys.argv[3])
torch.set_default_dtype(dtype)
torch.set_num_threads(1)
images, labels = [], []
for line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "data/digits.csv")):
    row = [int(v) for v in line.split(",")]
    labels.append(row.pop())
    images.append(row)
data = TensorDataset(torch.tensor(images, dtype=dtype) / 16, torch.tensor(labels))
torch.manual_seed(0)
train, test = random_split(data, [TRAIN, len(data) - TRAIN])
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
loader = DataLoader(train, batch_size=32, shuffle=True)
n = 0
while n < steps:
    for x, y in loader:
        opt.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        print("%.17g" % loss.item())
        n += 1
        if n == steps:
            break
