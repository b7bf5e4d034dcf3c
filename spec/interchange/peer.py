"The other side of tools/interchange: reads with safetensors, PyTorch and NumPy what tide wrote, and writes it again."
import sys
import numpy as np
import torch
import safetensors, safetensors.torch

path = lambda name: sys.argv[1] + "/" + name

tensors = safetensors.torch.load_file(path("tensors.safetensors"))
safetensors.torch.save_file(tensors, path("tensors.back.safetensors"))
torch.save(tensors, path("tensors.back.pt"))

arrays = dict(np.load(path("tensors.npz")))
assert set(arrays) == set(tensors)
for name, a in arrays.items():      # both ways lead to the same
    t = tensors[name].numpy()
    assert a.dtype == t.dtype and a.shape == t.shape and a.tobytes() == t.tobytes(), name
np.savez(path("tensors.stored.npz"), **arrays)
np.savez_compressed(path("tensors.deflated.npz"), **arrays)

model = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Linear(7, 3))
model.load_state_dict(safetensors.torch.load_file(path("model.safetensors")))
safetensors.torch.save_model(model, path("model.back.safetensors"))
torch.save(model.state_dict(), path("model.back.pt"))

with safetensors.safe_open(path("run.safetensors"), "pt") as f:
    assert "state.2.exp_avg_sq" in f.keys()
    safetensors.torch.save_file({k: f.get_tensor(k) for k in f.keys()}, path("run.back.safetensors"), f.metadata())
