-- One walk over the operator tables: what holds for every operator, tried on its samples (spec/support/samples.lua).
-- TIDE_SPEC_IDS=mul,sum_dim restricts it.
local tide = require "tide"
local core = require "tide.core"
local samples = dofile "spec/support/samples.lua"
local gradients = dofile "spec/support/gradients.lua"
local text = dofile "spec/data/text.lua"
local data = dofile "spec/data/ops.lua"
local entries, from = samples.load()

local wanted = os.getenv "TIDE_SPEC_IDS"
if wanted then
   local set = {}
   for id in wanted:gmatch "[%w_]+" do set[id] = true end
   wanted = set
end

local function call(f, args) return f(table.unpack(args, 1, args.n)) end
local function results(f, args) return table.pack(call(f, args)) end

-- What a call was, for messages.
local function described(args)
   local words = {}
   for i = 1, args.n do
      local v = args[i]
      words[i] = tide.is_tensor(v) and samples.dtype_name(v) .. tostring(v.shape):gsub("tide.Size%(%[(.*)%]%)", "(%1)")
         or type(v) == "table" and "{" .. #v .. " entries}" or tostring(v)
   end
   return table.concat(words, ", ")
end

local function expect(difference, args, what)
   if difference then error(("%s (%s) %s"):format(what or "result", described(args), difference), 0) end
end

-- The float64 tensors among the arguments, in lists too.
local function float_inputs(args)
   local list = {}
   samples.map(args, function(x)
      if x.dtype == tide.float64 then list[#list + 1] = x end
      return x
   end)
   return list
end

-- f as a function of its float64 inputs alone, giving its float64 outputs.
local function of_inputs(f, args)
   return function(inputs)
      local k, outputs = 0, {}
      local given = samples.map(args, function(x)
         if x.dtype ~= tide.float64 then return x end
         k = k + 1
         return inputs[k]
      end)
      local function collect(v)
         if tide.is_tensor(v) then
            if v.dtype == tide.float64 then outputs[#outputs + 1] = v end
         elseif type(v) == "table" then for _, x in ipairs(v) do collect(x) end end
      end
      for _, v in ipairs(results(f, given)) do collect(v) end
      return outputs
   end
end

-- {====== the properties ======

-- Results as a flat list of texts, as spec/data/ops.py writes them.
local function texts(results_, out)
   for i = 1, results_.n or #results_ do
      local y = results_[i]
      if type(y) == "table" then texts(y, out) else out[#out + 1] = tide.is_tensor(y) and text.of(y) or tostring(y) end
   end
   return out
end

local function against_data(entry, expected, got, args)
   local list = texts(got, {})
   assert.are.equal(#expected, #list, described(args))
   for i, want in ipairs(expected) do
      local dtype = list[i]:match "^%w+"
      if want:match "^%S+" ~= list[i]:match "^%S+" or not text.close(want, list[i], samples.is_float(dtype) and samples.tolerance(entry, dtype) or 0) then
         error(("result %d of (%s):\nexpected %s\ngot      %s"):format(i, described(args), want, list[i]), 0)
      end
   end
end

local function against_row(op, entry, dtype, got, args)
   local y, shape = got[1], {}
   local list, sizes = samples.row_reference(dtype == "bool" and entry.bool or entry.ref, args)
   local is = samples.dtype_name(y)
   for i = 1, y.ndim do shape[i] = y.shape[i] end
   assert.are.same(sizes, shape)
   local promoted = false            -- a number that is no operand may promote bools
   for _, p in ipairs(op.params) do promoted = promoted or dtype == "bool" and p.kind == "NT" end
   if #list > 0 and not promoted then assert.are.equal(type(list[1]) == "boolean" and "bool" or is == "bool" and is or samples.claims(op, dtype), is) end
   expect(samples.difference(list, samples.flatten(y:tolist(), {}), is, samples.tolerance(entry, is)), args)
end

local function against_reference(entry, got, args)
   local expected = results(entry.ref, samples.map(args, function(x) return x:tolist() end))
   local function check(want, y)
      if tide.is_tensor(y) then
         local is = samples.dtype_name(y)
         if y:numel() == 0 then return end                       -- its sizes are nothing that nested lists could show
         expect(samples.difference(want, y:tolist(), is, samples.tolerance(entry, is)), args)
      elseif type(y) == "table" then
         assert.are.equal(#want, #y)
         for k = 1, #y do check(want[k], y[k]) end
      else
         assert.are.equal(want, y)
      end
   end
   for i = 1, got.n do check(expected[i], got[i]) end
end

-- A record need not take every dtype, but then it has to say so.
local function refused(op, entry, dtype, message)
   return op.dtypes == 0 and not entry.dtypes and not samples.is_float(dtype)
      and (message:match "dtype" or message:match "not defined for" or message:match "int" or message:match "bool" or message:match "float")
end

local function values(op, f, entry)
   local tried = 0
   for _, dtype in ipairs(samples.dtypes) do
      if samples.tries(op, entry, dtype) then
         local expected = entry.data and data[op.id] and data[op.id][dtype]
         for k, args in ipairs(samples.calls(op, entry, dtype)) do
            local got = table.pack(pcall(call, f, args))
            if not got[1] then
               if refused(op, entry, dtype, tostring(got[2])) then break end
               error(("(%s): %s"):format(described(args), got[2]), 0)
            end
            got = table.pack(table.unpack(got, 2, got.n))
            if expected then
               assert(expected[k], ("PyTorch refuses (%s)"):format(described(args)))
               against_data(entry, expected[k], got, args)
            elseif entry.ref and op.dtypes ~= 0 then against_row(op, entry, dtype, got, args)
            elseif entry.ref then against_reference(entry, got, args) end
            tried = tried + 1
         end
      end
   end
   assert(tried > 0, "no sample was tried")
end

-- However the operands lie in memory, the result is the same.
local function layouts(op, f, entry)
   local function same(want, args, what)
      local ok, got = pcall(results, f, args)
      if not ok then
         if op.dtypes == 0 and (tostring(got):match "cop" or tostring(got):match "contiguous") then return end
         error(("%s (%s): %s"):format(what, described(args), got), 0)
      end
      for i = 1, want.n do expect(samples.tensors_differ(want[i], got[i], 1e-12), args, what) end
   end
   for _, args in ipairs(samples.calls(op, entry, "float64")) do
      local want = results(f, args)
      same(want, samples.map(args, samples.transposed), "transposed")
      same(want, samples.map(args, samples.stepped), "sliced")
      local k = 0
      same(want, samples.map(args, function(x)
         k = k + 1
         return k == 1 and samples.transposed(x) or x
      end), "the first transposed")
      local spread = samples.map(args, function(x) return x.dtype == tide.float64 and samples.expanded(x) or x end)
      local packed = samples.map(spread, function(x) return x:contiguous() end)
      local ok, one = pcall(results, f, packed)
      if ok then same(one, spread, "expanded") end
   end
end

-- The in-place twin writes what the operator gives, and has its gradient.
local function in_place(op, f, entry)
   local twin, written = core.operator(op.id, true), 0
   for _, args in ipairs(samples.calls(op, entry, "float64", true)) do
      local x = args[1]
      local want = tide.is_tensor(x) and f(call(function(...) return ... end, args))
      if want then
         local y = x:clone()
         local given = {n = args.n, table.unpack(args, 1, args.n)}
         given[1] = y
         local before = y._version
         local ok, result = pcall(call, twin, given)
         local grows = tostring(want.shape) ~= tostring(x.shape)
         assert(not (ok and grows and op.dtypes ~= 0), "a row wrote in place what does not fit")
         if grows and not ok then                                             -- (t_ and its like do change sizes)
            assert.are.equal(before, y._version)
            expect(samples.tensors_differ(x, y, 0), args, "after a refused write, the operand")
         else
            assert(ok, result)
            assert(rawequal(y, result), "the result is not the operand itself")
            assert.are.equal(before + 1, y._version)
            expect(samples.tensors_differ(want:to(y.dtype), y, 0), args, "in place")
            written = written + 1
            if entry.grad ~= false and want.dtype == tide.float64 then
               local function outside(...) return f(...) end
               local function inside(first, ...) return twin(first * 1, ...) end
               local problem = gradients.agree(of_inputs(outside, args), of_inputs(inside, args), float_inputs(args), op.id)
               assert(not problem, problem and ("(%s): %s"):format(described(args), problem))
            end
         end
      end
   end
   assert(written > 0, "the in-place twin was never called")
end

local function differentiable(op, f, entry)
   for _, args in ipairs(samples.calls(op, entry, "float64", true)) do
      local inputs = float_inputs(args)
      if #inputs > 0 then
         local ok, problem = pcall(gradients.check, of_inputs(f, args), inputs, op.id)
         if entry.grad == false then
            assert(not ok or problem or #of_inputs(f, args)(inputs) == 0, "its entry says grad = false, but it has a gradient")
         else
            assert(ok and not problem, ("(%s): %s"):format(described(args), problem))
         end
      end
   end
end

local function twice_differentiable(op, f, entry)
   for _, args in ipairs(samples.calls(op, entry, "float64", true)) do
      local inputs = float_inputs(args)
      if #inputs > 0 then
         local problem = gradients.check_second(of_inputs(f, args), inputs, op.id)
         assert(not problem, ("(%s): %s"):format(described(args), problem))
      end
   end
end

-- A call that must fail: with such a message, which names the function, and without a trace in its operands.
local function fails(op, f, pattern, args)
   local versions = {}
   samples.map(args, function(x)
      versions[x] = x._version
      return x
   end)
   local ok, message = pcall(call, f, args)
   assert(not ok, ("(%s) is no error"):format(described(args)))
   assert(type(message) == "string" and message:match(pattern), ("(%s): the message %q does not match %q"):format(described(args), message, pattern))
   local name = op.name:match "[%w_]+$"
   assert(message:find(name, 1, true), ("the message %q does not name %s"):format(message, name))
   for x, version in pairs(versions) do assert.are.equal(version, x._version) end
end

local function errors(op, f, entry)
   for _, case in ipairs(entry.errors and entry.errors(samples.makers "float64") or {}) do
      local args, n = {}, 0
      for k, v in pairs(case) do if k ~= 1 and math.type(k) == "integer" then args[k - 1], n = v, math.max(n, k - 1) end end
      args.n = n
      fails(op, f, case[1], args)
   end
   if op.dtypes == 0 or entry.samples then return end
   local plain = samples.calls(op, entry, samples.claims(op, "float32") and "float32" or "int64")[1]
   local operands = 0
   samples.map(plain, function(x)
      operands = operands + 1
      return x
   end)
   if operands > 1 then
      plain[1] = tide.zeros({7, 38}, {dtype = plain[1].dtype})
      fails(op, f, "%(7, 38%).*%(7, 37%)", plain)
   end
   for _, p in ipairs(op.params) do if p.kind == "NT" or p.kind == "ONT" then return end end    -- a number may promote
   for _, dtype in ipairs(samples.dtypes) do
      if not samples.claims(op, dtype) then
         local t = samples.makers(dtype)
         fails(op, f, dtype, samples.map(plain, function() return t.float(2) end))
      end
   end
end

-- }======

local function alive()
   collectgarbage()
   collectgarbage()
   local stats = tide.memory_stats()
   return stats.tensors, stats.nodes
end

for _, op in ipairs(core.operators()) do
   if not wanted or wanted[op.id] then
      describe(op.id, function()
         local entry, tensors, nodes = entries[op.id], nil, nil
         local f = core.operator(op.id)
         it("has samples", function()
            tensors, nodes = alive()
            assert(entry, "no file of spec/samples has an entry for " .. op.id)
            assert(entry.ref or entry.random or entry.data, "its entry has no reference: ref, data or random")
            assert(not entry.data or data[op.id], "spec/data/ops.lua has no results for it: spec/data/ops.py makes them")
         end)
         if not entry then return end
         if entry.random then
            local draw = f
            f = function(...)
               tide.manual_seed(7)
               return draw(...)
            end
         end
         it("has the values of its reference", function() values(op, f, entry) end)
         if samples.has_specials(op, entry) then
            it("has PyTorch's values where functions go wrong", function()
               for _, dtype in ipairs {"float64", "int64"} do
                  local expected = data[op.id] and data[op.id]["special " .. dtype]
                  if expected then
                     local args = samples.special_call(op, entry, dtype)
                     against_data(entry, expected[1], results(f, args), args)
                  end
               end
            end)
         end
         if entry.layouts ~= false and not entry.random then it("takes operands in any layout", function() layouts(op, f, entry) end) end
         if op.inplace and not entry.random then it("works in place", function() in_place(op, f, entry) end) end
         if not (entry.random and entry.grad == false) then it("has the right gradient", function() differentiable(op, f, entry) end) end
         if entry.grad ~= false and entry.gradgrad ~= false then
            it("has the right gradient of the gradient", function() twice_differentiable(op, f, entry) end)
         end
         it("fails with a message", function() errors(op, f, entry) end)
         it("leaves nothing alive", function()
            local now, now_nodes = alive()
            assert.are.equal(tensors, now)
            assert.are.equal(nodes, now_nodes)
         end)
      end)
   end
end

describe("the samples", function()
   it("belong to operators that exist", function()
      local exists = {}
      for _, op in ipairs(core.operators()) do exists[op.id] = true end
      for id, file in pairs(from) do assert(exists[id], ("%s has samples of %s, which is no operator"):format(file, id)) end
   end)
end)

-- Rows give the same results whatever instructions the processor has, up to the errors in docs/accuracy.md: some processors multiply and
-- add in one step. A level that it lacks falls back to one that it has.
if not wanted then describe("the instruction sets", function()
   local function dump(isa)
      local i = -1
      while arg[i - 1] do i = i - 1 end
      local command = ("TIDE_ISA=%s LUA_PATH_5_4='%s' LUA_CPATH_5_4='%s' %s spec/support/samples.lua dump"):format(isa, package.path, package.cpath, arg[i])
      local pipe = assert(io.popen(command))
      local output = pipe:read "a"
      assert(pipe:close(), "the child process failed")
      return output
   end
   -- Sums of two terms, which may cancel: their error is a share of the terms.
   local sums = {silu_grad = true, gelu_erf_grad = true, gelu_tanh_grad = true, logaddexp = true, logaddexp2 = true}
   local function agree(a, b, unit, least)
      local x, y = tonumber(a), tonumber(b)
      return a == b or (x and y and math.abs(x - y) <= 4 * unit * math.max(math.abs(x), math.abs(y), least))
   end
   local function compare(line, other)
      local unit, id = line:find "^%S+ float64" and 0x1p-52 or 0x1p-23, line:match "^%S+ %S+"
      local word = other:gmatch "%S+"
      for a in line:gmatch "%S+" do
         local b = word()
         if not agree(a, b, unit, sums[line:match "^%S+"] and 1 or 0) then error(("%s: %s and %s"):format(id, a, b)) end
      end
      assert.is_nil(word())
   end
   local base
   for _, isa in ipairs {"avx2", "avx512"} do
      it(isa .. " and base agree", function()
         base = base or dump "base"
         local other = dump(isa):gmatch "[^\n]+"
         assert(#base > 0)
         for line in base:gmatch "[^\n]+" do compare(line, other()) end
      end)
   end
end) end
