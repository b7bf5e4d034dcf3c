-- What is wanted of tide: its median time divided by PyTorch's, with one thread. With more threads 1.1 times as much is allowed.
-- A workload names the line that it belongs to; one that names none is reported all the same.
return setmetatable({
   graph = 0.15,            -- graphs of scalars, the tutorial's examples, 100 operations, Hessians of small functions
   small = 0.4,             -- operators on four elements
   tiny_training = 0.2,     -- a training step of a tiny network
   memory = 1.05,           -- elementwise, bound by memory: 1e5 and 1e6
   math = 0.9,              -- elementwise, transcendental: 1e6
   chain_1e6 = 0.6,         -- chains of elementwise operators, forward, and forward and backward
   chain_1e7 = 0.8,
   pass = 0.8,              -- where, transposed add, reductions along a dimension, softmax, norms, losses
   product = 1.05,          -- products of matrices
   training = 0.85,         -- a training step of an MLP, its Hessian times a vector
   optimiser = 0.5,         -- an optimiser's step
   epoch = 0.7,             -- an epoch of the digits: modules, Adam, loader
   mean = 0.5,              -- the geometric mean over all
   start_ms = 20, resident_mb = 20, installed_mb = 5,       -- the process: these are not ratios
}, {__index = function(_, name) error("no target is called " .. tostring(name)) end})
