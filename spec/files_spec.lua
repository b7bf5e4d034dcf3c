-- Section 8 of the contract, files: what was saved comes back bit for bit; what NumPy, safetensors and PyTorch wrote (spec/data/files.py) is read; a file is replaced whole or
-- not at all; what is damaged or hostile is an error.
local tide = require "tide"
local text = dofile "spec/data/text.lua"
local expected = dofile "spec/data/files.lua"

local DTYPES = {"float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"}

local function read(name)
   local file = assert(io.open(name, "rb"))
   local bytes = file:read "a"
   file:close()
   return bytes
end
local function write(name, bytes)
   local file = assert(io.open(name, "wb"))
   file:write(bytes)
   file:close()
end
local function fixture(name) return "spec/data/files/" .. name end

local function fails(pattern, f, ...)
   local ok, message = pcall(f, ...)
   assert(not ok, "no error")
   assert(message:find(pattern), ("%q does not match %q"):format(message, pattern))
   return message
end

local function same(a, b)
   return a.dtype == b.dtype and a.shape == b.shape and a:tobytes() == b:tobytes()
end

-- Is a value what the Lua data describe?
local function compare(want, got, where)
   if type(want) ~= "table" then
      assert(want == got and math.type(want) == math.type(got), ("%s: %s, not %s"):format(where, got, want))
   elseif want.tensor then
      assert(tide.is_tensor(got), where .. " is no tensor")
      assert.are.equal(want.tensor, text.bits(got):gsub("%s+$", " "), where)
   elseif want.pairs then
      local keys = {}
      for key in pairs(got) do keys[#keys + 1] = key end
      assert.are.equal(#want.pairs, #keys, where)
      for i, pair in ipairs(want.pairs) do
         compare(pair[1], keys[i], ("%s, key %d"):format(where, i))
         compare(pair[2], got[pair[1]], ("%s.%s"):format(where, pair[1]))
      end
   else
      assert.are.equal(#want, #got, where)
      for i = 1, #want do compare(want[i], got[i], ("%s[%d]"):format(where, i)) end
   end
end

-- A directory of the spec's own, and what is in it.
local directory
local function path(name) return directory .. "/" .. name end
local function listing()
   local pipe = assert(io.popen("ls -A '" .. directory .. "'"))
   local names = pipe:read "a"
   pipe:close()
   return names
end

setup(function()
   directory = os.tmpname()
   os.remove(directory)
   assert(os.execute("mkdir '" .. directory .. "'"))
end)
teardown(function() os.execute("rm -rf '" .. directory .. "'") end)

-- Tensors of all dtypes and many shapes; bits that a conversion would change are among them.
local function samples()
   local all = {}
   for _, name in ipairs(DTYPES) do
      local dtype = tide[name]
      local x = name == "bool" and tide.arange(24):remainder(3):eq(0) or (tide.arange(24) - (name == "uint8" and 0 or 12)):to(dtype)
      if dtype.is_floating_point then
         x = tide.randn(24, {dtype = dtype})
         x[1], x[2], x[3], x[4], x[5] = 0 / 0, 1 / 0, -1 / 0, -0.0, 5e-324
      end
      all[name .. ".flat"] = x
      all[name .. ".three"] = x:reshape(2, 3, 4)
      all[name .. ".turned"] = x:reshape(4, 6):t()
      all[name .. ".stepped"] = x[{{2, 20, 3}}]
      all[name .. ".expanded"] = x[{{1, 3}}]:reshape(3, 1):expand(3, 4)
      all[name .. ".scalar"] = x[7]
      all[name .. ".none"] = x:reshape(24, 1)[{{}, {2, 1}}]
      all[name .. ".deep"] = x:reshape(1, 2, 1, 3, 1, 1, 2, 1, 2, 1, 1, 1)
   end
   return all
end

describe("saving and loading", function()
   for _, format in ipairs {"safetensors", "npz"} do
      it("gives the same bits in " .. format, function()
         local all = samples()
         tide.save(all, path("all." .. format))
         local from_file, from_bytes = tide.load(path("all." .. format)), tide.load {data = tide.save(all, {format = format})}
         local mapped = tide.load(path("all." .. format), {mmap = false})
         local n = 0
         for name, x in pairs(all) do
            n = n + 1
            for _, loaded in ipairs {from_file, from_bytes, mapped} do
               assert(same(x, loaded[name]), name)
               assert(loaded[name]:is_contiguous(), name)
            end
         end
         assert.are.equal(n, #from_file)
      end)
   end
   it("gives the same bits in npy", function()
      for name, x in pairs(samples()) do
         tide.save(x, path "one.npy")
         assert(same(x, tide.load(path "one.npy")), name)
         assert(same(x, tide.load {data = tide.save(x, {format = "npy"})}), name)
      end
   end)
   it("writes to a string and to a file alike", function()
      local t = {a = tide.randn(3), b = tide.ones(2, 2)}
      for _, format in ipairs {"safetensors", "npz"} do
         tide.save(t, path("x." .. format))
         assert.are.equal(read(path("x." .. format)), tide.save(t, {format = format}))
      end
      assert.are.equal(tide.save(t), tide.save(t, {format = "safetensors"}))
   end)
   it("takes a tensor by itself", function()
      local x = tide.randn(2, 3)
      assert(same(x, tide.load {data = tide.save(x)}))
      assert(same(x, tide.load({data = tide.save(x, {format = "npz"})}).arr_0))
   end)
   it("keeps the order of a dictionary, and sorts the names of a plain table", function()
      local ordered = tide.nn.Sequential(tide.nn.Linear(2, 3), tide.nn.Linear(3, 1)):state_dict()
      local names = {}
      for name in pairs(tide.load {data = tide.save(ordered)}) do names[#names + 1] = name end
      assert.are.same({"0.weight", "0.bias", "1.weight", "1.bias"}, names)
      names = {}
      for name in pairs(tide.load {data = tide.save {z = tide.ones(1), a = tide.ones(1):double(), m = tide.ones(1)}}) do names[#names + 1] = name end
      assert.are.same({"a", "m", "z"}, names)
      for _, format in ipairs {"safetensors", "npz"} do
         assert.are.equal(0, #tide.load {data = tide.save({}, {format = format})})
      end
   end)
   it("leaves the file alone when a loaded tensor is written to", function()
      local x = tide.ones(5)
      tide.save({x = x}, path "mapped.safetensors")
      local loaded = tide.load(path "mapped.safetensors").x
      loaded:fill_(7)
      assert.are.equal(7, loaded[3]:item())
      assert(same(x, tide.load(path "mapped.safetensors").x))
   end)
   it("lets a file be replaced while its tensors are in use", function()
      tide.save({x = tide.ones(5)}, path "used.safetensors")
      local x = tide.load(path "used.safetensors").x
      tide.save({x = x * 2}, path "used.safetensors")
      tide.save({x = x * 3}, path "used.safetensors")
      assert.are.equal(1, x[1]:item())
      assert.are.equal(3, tide.load(path "used.safetensors").x[1]:item())
   end)
   it("works with loaded tensors as with any others", function()
      tide.save({x = tide.arange(3):float(), y = tide.ones(3)}, path "ops.safetensors")
      local t = tide.load(path "ops.safetensors")
      local x = t.x:requires_grad_()
      local y = (x * x * t.y):sum()
      t.y:add_(1)
      fails("changed in place", y.backward, y)
      y = (x * x * t.y):sum()
      y:backward()
      assert.are.same({0, 4, 8}, x.grad:tolist())
   end)
   it("gives memory back", function()
      collectgarbage()
      local before = tide.memory_stats()
      do
         local t = tide.load(fixture "views.pt")
         assert(t.base:numel() == 12)
         tide.load(fixture "deflated.npz")
         pcall(tide.load, fixture "evil.pt")
         tide.load {data = tide.save(samples())}
      end
      collectgarbage()
      collectgarbage()
      local after = tide.memory_stats()
      assert.are.equal(before.tensors, after.tensors)
      assert(after.live_bytes <= before.live_bytes + 4096, "memory stays behind")
   end)
   it("does not carry history or gradients", function()
      local w = tide.randn(2, {requires_grad = true})
      local y = (w * 2):view(1, 2)
      local t = tide.load {data = tide.save {w = w, y = y}}
      assert(same(w, t.w) and same(y, t.y) and not t.w.requires_grad and not t.y.requires_grad)
   end)
end)

describe("tables of other things", function()
   local function again(v) return tide.load {data = tide.save(v)} end
   it("come back", function()
      local t = again {
         name = "tide", quote = "\"\\\n\1\127é", bytes = "\0\255", yes = true, no = false, n = 3, big = math.maxinteger, least = math.mininteger, x = 0.1, minus = -0.0, inf = -1 / 0,
         tiny = 5e-324, huge = 1.7976931348623157e308, whole = 3.0, list = {1, {2, {tide.ones(2)}}, "x"}, empty = {}, [5] = "five", [2.5] = "half", [true] = "truth", ["$tensor"] = "no",
         ["ключ"] = tide.zeros(1), holes = {1, nil, 3}, nested = {["$float"] = "nan"}
      }
      assert.are.equal("tide", t.name)
      assert.are.equal("\"\\\n\1\127é", t.quote)
      assert.are.equal("\0\255", t.bytes)
      assert(t.yes == true and t.no == false)
      assert.are.same({3, math.maxinteger, math.mininteger}, {t.n, t.big, t.least})
      assert.are.same({0.1, -1 / 0, 5e-324, 1.7976931348623157e308}, {t.x, t.inf, t.tiny, t.huge})
      assert.are.equal("-0.0", tostring(t.minus))
      assert(math.type(t.n) == "integer" and math.type(t.whole) == "float")
      assert(t.list[1] == 1 and t.list[2][1] == 2 and same(t.list[2][2][1], tide.ones(2)) and t.list[3] == "x")
      assert(type(t.empty) == "table" and #t.empty == 0)
      assert(t[5] == "five" and t[2.5] == "half" and t[true] == "truth" and t["$tensor"] == "no" and t.nested["$float"] == "nan")
      assert(t.holes[1] == 1 and t.holes[2] == nil and t.holes[3] == 3)
      local nan = again({v = 0 / 0, t = tide.ones(1)}).v
      assert(nan ~= nan)
   end)
   it("keep numbers of every kind exactly", function()
      local numbers = {}
      for i = 1, 300 do numbers[i] = ("<d"):unpack(("<I8"):pack(math.random(0) & ~(0x7ff << 52) | math.random(1, 2046) << 52)) end
      local t = again(numbers)
      for i = 1, 300 do assert.are.equal(numbers[i], t[i]) end
   end)
   it("are tensors under their paths for other readers", function()
      local bytes = tide.save {state = {{exp_avg = tide.ones(2), step = 4}, {exp_avg = tide.zeros(3)}}, lr = 0.1, ["state.1.exp_avg"] = tide.ones(1)}
      local header = bytes:sub(9, 8 + ("<I8"):unpack(bytes))
      for _, name in ipairs {"state.1.exp_avg", "state.2.exp_avg", "state.1.exp_avg~2"} do assert(header:find(('"%s":{"dtype":"F32"'):format(name), 1, true), name) end
      local t = tide.load {data = bytes}
      assert(t.lr == 0.1 and t.state[1].step == 4 and t.state[1].exp_avg.shape[1] == 2 and t["state.1.exp_avg"].shape[1] == 1)
   end)
   it("carry metadata beside them", function()
      local t, metadata = tide.load {data = tide.save({x = tide.ones(1)}, {metadata = {format = "pt", note = "für \"dich\"\n"}})}
      assert(t.x and metadata.format == "pt" and metadata.note == "für \"dich\"\n" and #metadata == 2)
      t, metadata = tide.load {data = tide.save({x = tide.ones(1), n = 5}, {metadata = {a = "b"}})}
      assert(t.n == 5 and metadata.a == "b" and #metadata == 1)
      assert.is_nil((select(2, tide.load {data = tide.save {x = tide.ones(1), n = 5}})))
   end)
   it("that cannot be saved are named by their path", function()
      local loop = {a = {}}
      loop.a.b = loop
      fails('a function at obj%["a"%]%[2%]', tide.save, {a = {1, print}})
      fails('a table that contains itself at obj%["a"%]%["b"%]', tide.save, loop)
      fails("a table with a metatable", tide.save, {tide.nn.Linear(1, 1)})
      fails("a table with a metatable", tide.save, tide.nn.Linear(1, 1))
      fails("a key that is a table", tide.save, {[{}] = 1})
      local deep = {}
      for _ = 1, 40 do deep = {deep} end
      fails("more than 32 levels deep", tide.save, deep)
      deep = {1}
      for _ = 1, 31 do deep = {[{}] = nil, ["$x"] = deep} end
      assert(again(deep)["$x"]["$x"]["$x"])
      local x = tide.ones(2)
      x:release()
      fails("released", tide.save, {a = x})
   end)
   it("that npz and npy have no room for are refused", function()
      fails("npz file holds", tide.save, {a = 5}, {format = "npz"})
      fails("npy file holds one tensor", tide.save, {a = tide.ones(1)}, {format = "npy"})
      assert.are.same({"arr_0", "arr_1"}, (function()
         local names = {}
         for name in pairs(tide.load {data = tide.save({tide.ones(1), tide.ones(2)}, {format = "npz"})}) do names[#names + 1] = name end
         return names
      end)())
   end)
end)

describe("a run that goes on", function()
   it("has the generator's state", function()
      tide.manual_seed(5)
      tide.randn(7)
      tide.save({rng = tide.get_rng_state(), epoch = 3}, path "rng.safetensors")
      local a = tide.randn(20)
      tide.manual_seed(1)
      tide.set_rng_state(tide.load(path "rng.safetensors").rng)
      assert(same(a, tide.randn(20)))
   end)
   it("has the parameters", function()
      local nn = tide.nn
      local a, b = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)), nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
      tide.save(a:state_dict(), path "model.safetensors")
      b:load_state_dict(tide.load(path "model.safetensors"))
      local x = tide.randn(5, 3)
      assert(same(a(x), b(x)))
   end)
end)

describe("a resumed run", function()
   local nn, F = tide.nn, tide.nn.functional

   local function start()
      local model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Linear(8, 1))
      return model, tide.optim.Adam(model:parameters(), {lr = 0.01})
   end
   local function steps(model, optimizer, n)
      local losses = {}
      for i = 1, n do
         optimizer:zero_grad()
         local loss = F.mse_loss(model(tide.randn(6, 4)), tide.rand(6, 1))
         loss:backward()
         optimizer:step()
         losses[i] = loss:item()
      end
      return losses
   end
   it("goes on digit by digit", function()
      tide.manual_seed(9)
      local model, optimizer = start()
      steps(model, optimizer, 4)
      tide.save({model = model:state_dict(), optimizer = optimizer:state_dict(), rng = tide.get_rng_state()}, path "run.safetensors")
      local want = steps(model, optimizer, 5)
      tide.manual_seed(1)
      model, optimizer = start()
      local run = tide.load(path "run.safetensors")
      model:load_state_dict(run.model)
      optimizer:load_state_dict(run.optimizer)
      tide.set_rng_state(run.rng)
      assert.are.same(want, steps(model, optimizer, 5))
   end)
   it("goes on from PyTorch's checkpoint", function()
      local run = tide.load(fixture "training.pt")
      local model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
      local optimizer = tide.optim.Adam(model:parameters())
      model:load_state_dict(run.model)
      optimizer:load_state_dict(run.optimizer)
      assert.are.equal(0.01, optimizer.param_groups[1].lr)
      assert(same(run.optimizer.state[0].exp_avg, optimizer.state[model[1].weight].exp_avg))
      optimizer:zero_grad()
      model(tide.ones(2, 3)):sum():backward()
      optimizer:step()
   end)
   it("goes on from PyTorch's schedule, whose milestones are a Counter", function()
      local run = tide.load(fixture "schedule.pt")
      local optimizer = tide.optim.SGD({tide.zeros(1, {requires_grad = true})}, 0.8)
      local schedule = tide.optim.lr_scheduler.MultiStepLR(optimizer, {2, 5, 5, 7}, 0.5)
      assert.are.same(schedule:state_dict().milestones, {[2] = 1, [5] = 2, [7] = 1})
      schedule = tide.optim.lr_scheduler.MultiStepLR(optimizer, {1}, 0.1)
      optimizer:load_state_dict(run.optimizer)
      schedule:load_state_dict(run.schedule)
      assert.are.same(schedule:state_dict().milestones, {[2] = 1, [5] = 2, [7] = 1})
      local rates = {}
      for i = 1, #run.rates do
         optimizer:step()
         schedule:step()
         rates[i] = schedule:get_last_lr()[1]
      end
      assert.are.same(run.rates, rates)
   end)
end)

describe("files of NumPy, safetensors and PyTorch", function()
   for name, want in pairs(expected) do
      it("hold what was put there: " .. name, function()
         compare(want, tide.load(fixture(name)), name)
         compare(want, tide.load(fixture(name), {mmap = false}), name)
         compare(want, tide.load {data = read(fixture(name))}, name)
      end)
   end
   it("have metadata", function()
      local _, metadata = tide.load(fixture "dtypes.safetensors")
      assert.are.equal("zwei\nZeilen \"ä\"", metadata.text)
   end)
   it("share memory where they did, and only there", function()
      local t = tide.load(fixture "views.pt")
      t.base[4] = 100
      assert(t.part[1]:item() == 100 and t.rows[{1, 4}]:item() == 100 and t.turned[{4, 1}]:item() == 100 and t.stepped[2]:item() == 100)
      assert(t.base._version == t.part._version)
      t = tide.load(fixture "shared.pt")
      assert(rawequal(t.a, t.b))
      t.x[1] = 5
      assert(t.y[1][1]:item() == 5)
   end)
   it("say which tensors require grad", function()
      local t = tide.load(fixture "parameter.pt")
      assert(t.p.requires_grad and t.x.requires_grad and not t.b.requires_grad and t.p.is_leaf)
   end)
   for name, pattern in pairs {
      ["uint64.npy"] = "its dtype '<u8' has no counterpart", ["complex.npy"] = "its dtype '<c8' has no counterpart", ["record.npy"] = "an array of records",
      ["float8.safetensors"] = 'tensor "x": its dtype F8_E4M3 has no counterpart', ["module.pt"] = "asks for torch.nn.modules.linear.Linear, which is not among",
      ["legacy.pt"] = "before 1.6", ["complex.pt"] = "asks for torch.ComplexFloatStorage", ["huge_integer.pt"] = "an integer of more than 64 bits",
      ["evil.pt"] = "asks for posix.system, .* nothing was executed", ["counter.pt"] = "a Counter that cannot be read"
   } do
      it("are refused with a reason: " .. name, function() fails(pattern, tide.load, fixture(name)) end)
   end
end)

describe("bytes", function()
   it("become tensors and come back", function()
      for name, x in pairs(samples()) do
         local y = tide.frombuffer(x:tobytes(), {dtype = x.dtype})
         assert(same(x:reshape(-1), y), name)
      end
      assert.are.same({2, 3}, tide.frombuffer("\1\2\3\4", {dtype = tide.uint8, count = 2, offset = 1}):tolist())
      assert.are.same({2, 3, 4}, tide.frombuffer("\1\2\3\4", tide.uint8, -1, 1):tolist())
      assert.are.same({false, true, true}, tide.frombuffer("\0\1\2", tide.bool):tolist())
      assert(tide.frombuffer("\0\0\128\63", {dtype = tide.float32, requires_grad = true}).requires_grad)
   end)
   it("are copied", function()
      local s = "\1\2\3"
      tide.frombuffer(s, tide.uint8):fill_(9)
      assert.are.equal("\1\2\3", s)
   end)
   it("of other lengths are an error", function()
      fails("frombuffer: 3 bytes are no whole number of tide.float32", tide.frombuffer, "abc", tide.float32)
      fails("offset 4 is outside of 3 bytes", tide.frombuffer, "abc", {dtype = tide.uint8, offset = 4})
      fails("offset %-1 is outside", tide.frombuffer, "abc", {dtype = tide.uint8, offset = -1})
      fails("3 elements of tide.int16 take more than the 4 bytes", tide.frombuffer, "abcde", {dtype = tide.int16, offset = 1, count = 3})
      fails("'dtype'", tide.frombuffer, "abc")
      fails("'dtype'", tide.frombuffer, "abc", "tide.float32")
      fails("tobytes: argument 1", tide.ones(1).tobytes, 5)
   end)
end)

describe("arguments", function()
   it("that do not fit are errors with the user's line", function()
      local before = listing()
      local message = fails("files_spec.lua:%d+: load: ", function() tide.load {data = ""} end)
      assert(message:find "none of those that can be read")
      fails("save: 'obj': a table or a tensor expected", tide.save, 5)
      fails("load: 'f': a string expected", tide.load, 5)
      fails("either the name", tide.load)
      fails("either the name", tide.load, "x", {data = "y"})
      fails("there is no keyword 'fromat'", tide.save, tide.ones(1), {fromat = "npy"})
      fails('there is no format "zip"', tide.load, {data = "x", format = "zip"})
      fails("format is not known", tide.save, tide.ones(1), path "x.zip")
      fails("format is not known", tide.save, tide.ones(1), path "x")
      fails("can only be read", tide.save, tide.ones(1), path "x.pt")
      fails("metadata belongs to safetensors", tide.save, tide.ones(1), path "x.npy", {metadata = {a = "b"}})
      fails("strings under names", tide.save, {}, path "x.safetensors", {metadata = {a = 1}})
      fails("is taken", tide.save, {}, path "x.safetensors", {metadata = {["tide.structure"] = "x"}})
      fails("zero byte", tide.save, {}, path "x\0.npz", {format = "npz"})
      fails("zero byte", tide.load, path "x\0.npz")
      fails("none.npy: it cannot be opened: No such file", tide.load, path "none.npy")
      fails("no regular file", tide.load, directory)
      fails("cannot be written: No such file", tide.save, tide.ones(1), path "none/x.npy")
      assert.are.equal(before, listing())
   end)
   it("choose the format over the name, and the name over the bytes", function()
      tide.save(tide.ones(2), path "odd", {format = "npy"})
      assert(same(tide.ones(2), tide.load(path "odd")))
      tide.save(tide.ones(2), path "odd.npz", {format = "npy"})
      fails("no zip archive", tide.load, path "odd.npz")
      assert(same(tide.ones(2), tide.load(path "odd.npz", {format = "npy"})))
   end)
end)

describe("replacing a file", function()
   it("goes through links and keeps the permissions", function()
      tide.save(tide.ones(1), path "real.npy")
      os.execute(("cd '%s' && chmod 640 real.npy && ln -s real.npy link.npy"):format(directory))
      tide.save(tide.ones(2), path "link.npy")
      assert(same(tide.ones(2), tide.load(path "real.npy")))
      local pipe = io.popen(("cd '%s' && ls -l real.npy link.npy"):format(directory))
      local list = pipe:read "a"
      pipe:close()
      assert(list:find "%-rw%-r%-%-%-%-%-.* real.npy" and list:find "link.npy %-> real.npy", list)
   end)
   it("never touches what is no regular file", function()
      fails("no regular file", tide.save, tide.ones(1), "/dev/null", {format = "npy"})
      fails("no regular file", tide.save, tide.ones(1), directory, {format = "npy"})
   end)
   it("leaves the old one whole when the disk is full", function()
      -- The disk is full after 16 blocks, as far as the process can tell.
      local script = path "full.lua"
      write(script, ([[
         local tide = require "tide"
         local ok, message = pcall(tide.save, {x = tide.ones(100000)}, %q)
         assert(not ok and message:find "cannot be written: File too large", message)
         ok, message = pcall(tide.save, {x = tide.ones(100000)}, %q)
         assert(not ok and message:find "cannot be written: File too large", message)
      ]]):format(path "old.safetensors", path "new.npz"))
      tide.save({x = tide.arange(4)}, path "old.safetensors")
      local before = read(path "old.safetensors")
      local ok = os.execute(("trap '' XFSZ; ulimit -f 16; LUA_PATH='%s' LUA_CPATH='%s' exec lua5.4 '%s'"):format(package.path, package.cpath, script))
      assert(ok)
      assert.are.equal(before, read(path "old.safetensors"))
      local names = listing()
      assert(not names:find "%.tmp%-" and not names:find "new%.npz", names)
   end)
   it("leaves the old one whole when what is saved cannot be", function()
      tide.save({x = tide.arange(4)}, path "old.safetensors")
      local before = read(path "old.safetensors")
      fails("cannot be saved", tide.save, {print}, path "old.safetensors")
      local x = tide.ones(300000)
      tide.set_memory_limit(tide.memory_stats().live_bytes + 100000)
      fails("out of memory", tide.save, {x = x:reshape(3, 100000):t()}, path "old.safetensors")      -- needs a copy, after the header is written
      tide.set_memory_limit(0)
      assert.are.equal(before, read(path "old.safetensors"))
      assert(not listing():find "%.tmp%-")
   end)
   it("leaves the old one whole when the process dies", function()
      local script = path "dies.lua"
      write(script, ([[
         local tide = require "tide"
         local x = tide.ones(4000000)
         for i = 1, 1000 do tide.save({x = x}, %q) end
      ]]):format(path "killed.npz"))
      tide.save({x = tide.ones(4000000)}, path "killed.npz")
      for i = 1, 3 do
         os.execute(("LUA_PATH='%s' LUA_CPATH='%s' timeout -s KILL 0.%d lua5.4 '%s' >/dev/null 2>&1"):format(package.path, package.cpath, 3 + i, script))
         assert.are.equal(4000000, tide.load(path "killed.npz").x:sum():item())
      end
   end)
end)

describe("no access to files", function()
   it("can be the host's wish: spec/c/lua_files.c", function()
      local program = (os.getenv "TIDE_BUILD" or "build") .. "/programs/lua_files"
      local file = io.open(program)
      if not file then pending "the C programs are not built" return end
      file:close()
      assert(os.execute(program))
   end)
end)
