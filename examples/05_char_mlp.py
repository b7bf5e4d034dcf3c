# The twin of 05_char_mlp.lua: python 05_char_mlp.py losses float64 100 prints the losses of the first steps.
import re
import sys

import torch
import torch.nn.functional as F
from torch import nn

CONTEXT, WIDTH, HIDDEN, BATCH, STEPS = 12, 16, 192, 64, 3000
dtype, steps = getattr(torch, sys.argv[2]), int(sys.argv[3])
torch.set_default_dtype(dtype)
torch.set_num_threads(1)
text = re.sub(rb"\s+", b" ", open("/usr/share/common-licenses/GPL-3", "rb").read())
letters = sorted(set(text))
place = {c: i for i, c in enumerate(letters)}
codes = torch.tensor([place[c] for c in text])


class Model(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.embedding = nn.Embedding(classes, WIDTH)
        self.hidden = nn.Linear(CONTEXT * WIDTH, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN)
        self.out = nn.Linear(HIDDEN, classes)

    def forward(self, x):
        return self.out(F.gelu(self.norm(self.hidden(self.embedding(x).flatten(1)))))


torch.manual_seed(0)
model = Model(len(letters))
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=STEPS, eta_min=1e-5)
offsets = torch.arange(CONTEXT).unsqueeze(0)
for _ in range(steps):
    starts = torch.randint(len(codes) - CONTEXT, (BATCH,))
    x = codes[starts.unsqueeze(1) + offsets]
    loss = F.cross_entropy(model(x), codes[starts + CONTEXT])
    opt.zero_grad()
    loss.backward()
    opt.step()
    schedule.step()
    print("%.17g" % loss.item())
