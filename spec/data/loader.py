# Writes spec/data/loader.lua: what PyTorch's loaders and samplers give, positions one higher.
import torch
from torch.utils.data import DataLoader, TensorDataset, RandomSampler, WeightedRandomSampler, SubsetRandomSampler, random_split

torch.set_num_threads(1)
out = open("spec/data/loader.lua", "w")


def lua(v):
    if isinstance(v, (list, tuple)):
        return "{" + ", ".join(lua(x) for x in v) + "}"
    return repr(v)


def write(name, v):
    out.write("   %s = %s,\n" % (name, lua(v)))


out.write("-- Made by spec/data/loader.py under PyTorch %s.\nreturn {\n" % torch.__version__)
data = TensorDataset(torch.arange(1, 24), torch.arange(1, 24) * 0.5)

for name, options in {"plain": {}, "shuffled": {"shuffle": True}, "dropped": {"shuffle": True, "drop_last": True}}.items():
    torch.manual_seed(3)
    loader = DataLoader(data, batch_size=5, **options)
    epochs = [[x.tolist() for x, y in loader] for _ in range(2)]
    write(name, epochs)
    write(name + "_then", torch.rand(3).tolist())
torch.manual_seed(3)
g = torch.Generator()
g.manual_seed(9)
write("generator", [[x.tolist() for x, y in DataLoader(data, batch_size=6, shuffle=True, generator=g)] for _ in range(2)])
torch.manual_seed(4)
write("split", [[i + 1 for i in s.indices] for s in random_split(data, [10, 13])])
write("fractions", [[i + 1 for i in s.indices] for s in random_split(data, [0.5, 0.3, 0.2])])
torch.manual_seed(5)
write("replacement", [i + 1 for i in RandomSampler(data, replacement=True, num_samples=40)])
write("many", [i + 1 for i in RandomSampler(data, num_samples=50)])
write("weighted", [i + 1 for i in WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 8)])
write("unrepeated", [i + 1 for i in WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5, replacement=False)])
write("subset", list(SubsetRandomSampler([3, 5, 8, 13])))
out.write("}\n")
