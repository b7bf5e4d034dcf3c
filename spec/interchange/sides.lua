-- tide's sides of tools/interchange: `give DIRECTORY` writes tensors of every dtype and many shapes, a model's and an optimiser's state, `take
-- DIRECTORY` reads what came back by each way (peer.py) and compares it with what was given, bit for bit.
local tide = require "tide"
local what, directory = ...
local function path(name) return directory .. "/" .. name end

local function tensors()
   tide.manual_seed(7)
   local all = {}
   for _, name in ipairs {"float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"} do
      local dtype = tide[name]
      local x = tide.randint(0, name == "bool" and 2 or 100, {60}):to(dtype)
      if dtype.is_floating_point then
         x = tide.randn(60, {dtype = dtype})
         x[1], x[2], x[3], x[4] = 0 / 0, 1 / 0, -0.0, 5e-324
      end
      all[name .. ".flat"], all[name .. ".three"], all[name .. ".scalar"] = x, x:reshape(3, 4, 5), x[9]
      all[name .. ".turned"], all[name .. ".stepped"], all[name .. ".none"] = x:reshape(6, 10):t(), x[{{3, 50, 7}}], x:reshape(60, 1)[{{}, {2, 1}}]
   end
   return all
end

local function model()
   tide.manual_seed(3)
   return tide.nn.Sequential(tide.nn.Linear(5, 7), tide.nn.Linear(7, 3)):state_dict()
end

-- As an optimiser and a run would have it: tables of tensors, numbers, words.
local function run()
   tide.manual_seed(11)
   local state = {}
   for i = 1, 3 do state[i] = {step = i * 10, exp_avg = tide.randn(i, 2), exp_avg_sq = tide.rand(i, 2):double()} end
   return {state = state, param_groups = {{lr = 1e-3, betas = {0.9, 0.999}, params = {1, 2, 3}, name = "all"}}, rng = tide.get_rng_state(), epoch = 4}
end

local count, bytes = 0, 0
local function same(where, a, b)
   if tide.is_tensor(a) then
      local x, y = a:tobytes(), tide.is_tensor(b) and b:tobytes()
      if x ~= y or a.dtype ~= b.dtype or a.shape ~= b.shape then error(where .. " differs", 0) end
      count, bytes = count + 1, bytes + #x
   elseif type(a) == "table" then for key, v in pairs(a) do same(where .. "." .. tostring(key), v, b[key]) end
   elseif a ~= b then error(("%s: %s became %s"):format(where, a, b), 0) end
end

if what == "give" then
   tide.save(tensors(), path "tensors.safetensors")
   tide.save(tensors(), path "tensors.npz")
   tide.save(model(), path "model.safetensors")
   tide.save(run(), path "run.safetensors")
   return
end

-- Every way with what it should have brought.
for _, way in ipairs {
   {"safetensors -> PyTorch -> safetensors", tensors, "tensors.back.safetensors"}, {"safetensors -> PyTorch -> torch.save", tensors, "tensors.back.pt"},
   {"npz -> NumPy -> savez", tensors, "tensors.stored.npz"}, {"npz -> NumPy -> savez_compressed", tensors, "tensors.deflated.npz"},
   {"model -> torch.nn -> safetensors", model, "model.back.safetensors"}, {"model -> torch.nn -> torch.save", model, "model.back.pt"},
   {"run -> safetensors, metadata kept -> run", run, "run.back.safetensors"}
} do
   count, bytes = 0, 0
   same(way[1], way[2](), tide.load(path(way[3])))
   print(("%-45s %3d tensors, %6d bytes equal"):format(way[1], count, bytes))
end
