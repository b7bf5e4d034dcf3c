-- The samples of the operators: what the entries of spec/samples/*.lua mean.
--
-- Every operator of the tables has an entry there, under its id. A pointwise row needs little:
--
--    tanh = {ref = function(x) ... end, domain = {-3, 3}}
--
--    ref      the function on Lua numbers, one per input
--    domain   range of the inputs, or a list of ranges, one per input; {-3, 3} if absent
--    kinks    values that gradient checks stay away from
--    numbers  lists of values for the arguments that are not operands; they come after the tensors, in the call and in ref's
--    bool     ref for bool operands (0 and 1), where the general one will not do
--
-- Any other operator says how it is called, as from Lua (positions from 1):
--
--    sum_dim = {samples = function(t) return {{t.float(2, 3, 4), {1, 3}, true}, ...} end, ref = function(x, dim, keepdim) ... end}
--
-- where t makes tensors and ref takes and gives nested lists; or `data = true`, and PyTorch's results stand in spec/data/ops.lua
-- (spec/data/ops.py, which asks this file for the calls); or `random = true`, and no values are compared. Further fields:
--
--    errors   function(t) -> list of {pattern, arguments...}: calls that fail with a message which matches the pattern
--    dtypes   list of dtypes to try; otherwise a row's own, or all that a record does not refuse by a message about dtypes
--    grad, gradgrad = false    not differentiable (once, twice)
--    layouts = false           the result depends on how the input lies in memory
--    specials = false          a row whose values at infinities and the like are not PyTorch's
--    tolerance                 relative, for float64 (float32: 1e-5 at least)
local tide = require "tide"
local core = require "tide.core"

local samples = {dtypes = {"float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"}}
local OPERAND = {T = true, TN = true, OT = true, OTN = true}
local BITS = {int64 = 64, int32 = 32, int16 = 16, int8 = 8}

-- All entries by id. Two files with the same id are an error.
function samples.load()
   local entries, from = {}, {}
   local list = assert(io.popen("ls spec/samples/*.lua 2>/dev/null"))
   for file in list:lines() do
      for id, entry in pairs(dofile(file)) do
         assert(not entries[id], ("%s: %s has samples in %s already"):format(file, id, from[id]))
         entries[id], from[id] = entry, file
      end
   end
   list:close()
   return entries, from
end

function samples.is_float(dtype) return dtype == "float32" or dtype == "float64" end

-- {[tide.float32] = "float32", ...} as a function.
function samples.dtype_name(x) return (tostring(x.dtype):gsub("^tide%.", "")) end

-- A tensor of these sizes whose element i (from 0, in row-major order) is value(i).
function samples.build(sizes, dtype, value)
   local i, n = -1, 1
   for _, s in ipairs(sizes) do n = n * s end
   if n == 0 then return tide.zeros(sizes, {dtype = tide[dtype]}) end
   local function level(d)
      if d > #sizes then i = i + 1; return value(i) end
      local list = {}
      for j = 1, sizes[d] do list[j] = level(d + 1) end
      return list
   end
   return tide.tensor(level(1), {dtype = tide[dtype]})
end

local function sizes_of(first, ...)
   if type(first) == "table" then return first end
   return {first, ...}
end

-- The makers of tensors handed to `samples` and `errors`. Their values are fixed: element i of the k-th tensor (both from 0) is
-- made of s = ((i + 7 k) 37 + 11) mod 97. `smooth` moves floats off zero and apart from each other, for gradient checks.
function samples.makers(dtype, smooth)
   local t, k = {dtype = tide[dtype]}, -1
   local function make(dt, value, ...)
      k = k + 1
      local offset = 7 * k
      return samples.build(sizes_of(...), dt, function(i) return value(((i + offset) * 37 + 11) % 97, i) end)
   end
   local function fill(s, i)
      if samples.is_float(dtype) then return (s - 48) / 16 + (smooth and 0.0137 + 0.00071 * (i % 53) or 0) end
      if dtype == "bool" then return s % 2 == 1 end
      return dtype == "uint8" and s // 16 or (s - 48) // 16
   end
   function t.float(...) return make(dtype, fill, ...) end
   function t.int(lo, hi, ...) return make("int64", function(s) return lo + s % (hi - lo + 1) end, ...) end
   function t.pos(size, ...) return make("int64", function(s) return 1 + s % size end, ...) end
   function t.bool(...) return make("bool", function(s) return s % 2 == 1 end, ...) end
   function t.nested(x) return x:tolist() end
   return t
end

-- A random number generator for directions and inputs: the same numbers for the same seed (a string).
function samples.generator(seed)
   local state = 88172645463325252
   for i = 1, #seed do state = state * 31 + seed:byte(i) end
   return function()
      state = state ~ (state << 13)
      state = state ~ (state >> 7)
      state = state ~ (state << 17)
      return (state >> 11) * 2.0 ^ -53
   end
end


-- {====== calls of rows ======

local function domain_of(entry, input)
   local d = entry.domain or {-3, 3}
   return type(d[1]) == "table" and (d[input] or d[#d]) or d
end

-- Values for input number `input` in this dtype; nil if its domain has none.
local function source(id, entry, input, dtype, random, smooth)
   local domain = domain_of(entry, input)
   local lo, hi = domain[1], domain[2]
   if samples.is_float(dtype) then
      local grid = hi - lo >= 1 and 64 or 4096
      return function()
         for _ = 1, 1000 do
            local v = lo + (hi - lo) * random()
            if not smooth then
               v = math.floor(v * grid + 0.5) / grid
               return v < lo and lo or v > hi and hi or v
            end
            local good = true
            for _, kink in ipairs(entry.kinks or {}) do if math.abs(v - kink) < 0.02 then good = false end end
            if good then return v end
         end
         error(("the kinks of %s leave nothing of the domain of input %d"):format(id, input))
      end
   end
   local least, most = math.ceil(lo), math.floor(hi)
   if dtype == "bool" or dtype == "uint8" then least = math.max(least, 0) end
   if dtype == "bool" then most = math.min(most, 1) end
   if least > most then return nil end
   return function()
      local v = least + math.floor(random() * (most - least + 1))
      if dtype == "bool" then return v ~= 0 end
      return v
   end
end

-- What each operand of a call looks like: a list of sizes, or "number". The first is the plain one.
local function forms(op, n, small)
   local full, list = small and {3, 4} or {7, 37}, {}
   local function add(a, b) list[#list + 1] = n == 1 and {a} or n == 2 and {a, b} or {a, b, a} end
   add(full, full)
   add({}, {})
   if not small then add({0, 3}, {0, 3}) end
   if n == 1 then return list end
   add({3, 4}, {4})
   add({4}, {3, 4})
   add({7, 1}, {1, 5})
   add({2, 1, 3}, {4, 1})
   add({3, 4}, {})
   if not small then add({0, 3}, {3}) end
   if op.params[2].kind == "TN" then add({3, 4}, "number") end
   if op.params[1].kind == "TN" then add("number", {3, 4}) end
   if n == 3 then list[#list + 1] = {{3, 4}, {4}, {3, 1}} end
   return list
end

local function row_calls(op, entry, dtype, smooth)
   local random, n, sources = samples.generator(op.id .. dtype), 0, {}
   for _, p in ipairs(op.params) do if OPERAND[p.kind] then n = n + 1 end end
   for i = 1, n do
      sources[i] = source(op.id, entry, i, dtype, random, smooth)
      if not sources[i] then return {} end
   end
   local calls = {}
   for k, numbers in ipairs(entry.numbers or {{}}) do
      for f, form in ipairs(forms(op, n, smooth)) do
         if k > 1 and f > 1 then break end
         local call = {n = n + #numbers}
         for i = 1, n do
            if form[i] == "number" then call[i] = sources[i]() else call[i] = samples.build(form[i], dtype, sources[i]) end
         end
         for i, v in ipairs(numbers) do call[n + i] = v end
         calls[#calls + 1] = call
      end
   end
   return calls
end

-- Where functions go wrong: every combination of these, compared with PyTorch (spec/data/ops.lua).
local SPECIAL = {
   float64 = {{0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.5, 3.0, 0.001, 20.0, -20.0, 1e-30, 1e30, 1 / 0, -1 / 0, 0 / 0},
      {0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e30, 1 / 0, -1 / 0, 0 / 0}, {0.0, 1.0, -2.5, 1 / 0, 0 / 0}},
   int64 = {{0, 1, -1, 2, -2, 3, 7, -8, 100, math.maxinteger, math.mininteger},
      {0, 1, -1, 2, -3, 7, 63, 64, math.maxinteger, math.mininteger}, {0, 1, -3, math.maxinteger}},
}

function samples.has_specials(op, entry)
   return op.dtypes ~= 0 and not op.internal and not entry.samples and entry.specials ~= false
end

function samples.special_call(op, entry, dtype)
   local n, sizes, call = 0, {}, {}
   for _, p in ipairs(op.params) do if OPERAND[p.kind] then n = n + 1 end end
   local values = SPECIAL[dtype][n]
   for i = 1, n do
      for d = 1, n do sizes[d] = d == i and #values or 1 end
      call[i] = samples.build(sizes, dtype, function(k) return values[k + 1] end)
   end
   local numbers = entry.numbers and entry.numbers[1] or {}
   for i, v in ipairs(numbers) do call[n + i] = v end
   call.n = n + #numbers
   return call
end

-- }======


-- The calls of an operator in one dtype: a list of lists of arguments, with their number in n.
function samples.calls(op, entry, dtype, smooth)
   if not entry.samples then
      assert(op.dtypes ~= 0, op.id .. " is no pointwise row: its entry needs `samples`")
      return row_calls(op, entry, dtype, smooth)
   end
   local calls = entry.samples(samples.makers(dtype, smooth))
   for _, call in ipairs(calls) do
      call.n = call.n or 0
      for k in pairs(call) do if math.type(k) == "integer" and k > call.n then call.n = k end end
   end
   return calls
end

-- Does a row have this dtype, and in which does it then compute?
function samples.claims(op, dtype)
   for i, name in ipairs(samples.dtypes) do
      if name == dtype and op.dtypes >> (i - 1) & 1 == 1 then return dtype end
   end
   return op.dtypes == 3 and "float32" or nil
end

-- Are the samples of an operator tried in this dtype? (Records are asked for more than they may take; bool only if the entry says so.)
function samples.tries(op, entry, dtype)
   if entry.dtypes then
      for _, name in ipairs(entry.dtypes) do if name == dtype then return true end end
      return false
   end
   if op.dtypes ~= 0 then return samples.claims(op, dtype) ~= nil end
   return dtype ~= "bool"
end

-- A copy of the arguments in which every tensor (in lists too) is f(tensor).
function samples.map(args, f)
   local copy = {n = args.n}
   for k, v in pairs(args) do
      if tide.is_tensor(v) then copy[k] = f(v)
      elseif type(v) == "table" and getmetatable(v) == nil then copy[k] = samples.map(v, f)
      else copy[k] = v end
   end
   return copy
end


-- {====== references ======

local function flatten(v, out)
   if type(v) ~= "table" then out[#out + 1] = v else for i = 1, #v do flatten(v[i], out) end end
   return out
end
samples.flatten = flatten

-- The elements and sizes of an argument of a row; bools count as 0 and 1.
local function operand(v)
   local sizes = {}
   if tide.is_tensor(v) then
      for i = 1, v.ndim do sizes[i] = v.shape[i] end
      v = v:tolist()
   end
   local list = flatten(v, {})
   for i, x in ipairs(list) do if type(x) == "boolean" then list[i] = x and 1 or 0 end end
   return list, sizes
end

-- ref for every element, by broadcasting: a flat list, and the sizes.
function samples.row_reference(ref, args)
   local values, shapes, nd, sizes = {}, {}, 0, {}
   for i = 1, args.n do
      values[i], shapes[i] = operand(args[i])
      nd = math.max(nd, #shapes[i])
   end
   for d = 1, nd do sizes[d] = 1 end
   for i = 1, args.n do
      local off = nd - #shapes[i]
      for d, s in ipairs(shapes[i]) do if s ~= 1 then sizes[off + d] = s end end
   end
   local list, x = {}, {}
   local function level(d, at)
      if d > nd then
         for i = 1, args.n do x[i] = values[i][at[i] + 1] end
         list[#list + 1] = ref(table.unpack(x, 1, args.n))
         return
      end
      for j = 0, sizes[d] - 1 do
         local inner = {}
         for i = 1, args.n do
            local s = shapes[i][d - nd + #shapes[i]]
            inner[i] = not s and at[i] or at[i] * s + (s == 1 and 0 or j)
         end
         level(d + 1, inner)
      end
   end
   local start = {}
   for i = 1, args.n do start[i] = 0 end
   level(1, start)
   return list, sizes
end

local function wrapped(v, dtype)
   v = math.tointeger(v) or error("the reference gives " .. tostring(v) .. " for " .. dtype)
   if dtype == "uint8" then return v & 255 end
   local bits = BITS[dtype]
   if bits == 64 then return v end
   v = v & (1 << bits) - 1
   return v >> bits - 1 == 1 and v - (1 << bits) or v
end

-- Does an element of a result of this dtype equal the reference's?
local function same(expected, actual, dtype, tolerance)
   if dtype == "bool" then
      if type(expected) == "number" then expected = expected ~= 0 end
      return expected == actual
   end
   if type(expected) == "boolean" then expected = expected and 1 or 0 end
   if type(expected) ~= "number" then return false end
   if not samples.is_float(dtype) then return wrapped(expected, dtype) == actual end
   if expected ~= expected or actual ~= actual then return expected ~= expected and actual ~= actual end
   if dtype == "float32" and math.abs(expected) > 3.4028235677973366e38 then expected = expected * math.huge end
   return expected == actual or math.abs(expected - actual) <= tolerance * math.max(1, math.abs(expected))
end

function samples.tolerance(entry, dtype)
   local own = entry.tolerance or 1e-12
   return dtype == "float32" and math.max(own, 1e-5) or own
end

-- Compares nested lists. nil, or a text that says where they differ.
function samples.difference(expected, actual, dtype, tolerance, where)
   where = where or ""
   if type(actual) == "table" then
      if type(expected) ~= "table" then return ("%s: expected %s, got a list"):format(where, expected) end
      if #expected ~= #actual then return ("%s: expected %d entries, got %d"):format(where, #expected, #actual) end
      for i = 1, #actual do
         local text = samples.difference(expected[i], actual[i], dtype, tolerance, ("%s[%d]"):format(where, i))
         if text then return text end
      end
      return nil
   end
   if not same(expected, actual, dtype, tolerance) then return ("%s: expected %s, got %s"):format(where, expected, actual) end
end

-- Compares two tensors (or numbers, or lists of tensors): nil, or a text.
function samples.tensors_differ(expected, actual, tolerance)
   if type(expected) == "table" and not tide.is_tensor(expected) then
      if #expected ~= #actual then return ("expected %d results, got %d"):format(#expected, #actual) end
      for i = 1, #expected do
         local text = samples.tensors_differ(expected[i], actual[i], tolerance)
         if text then return ("result %d%s"):format(i, text) end
      end
      return nil
   end
   if not tide.is_tensor(expected) then return expected ~= actual and (": expected %s, got %s"):format(expected, actual) or nil end
   if tostring(expected.shape) ~= tostring(actual.shape) then return (": expected %s, got %s"):format(expected.shape, actual.shape) end
   if expected.dtype ~= actual.dtype then return (": expected %s, got %s"):format(expected.dtype, actual.dtype) end
   return samples.difference(expected:tolist(), actual:tolist(), samples.dtype_name(expected), tolerance)
end

-- }======


-- {====== layouts ======

-- The same values, in memory the other way round.
function samples.transposed(x)
   if x.ndim < 2 then return samples.stepped(x) end
   return x:transpose(1, x.ndim):contiguous():transpose(1, x.ndim)
end

-- The same values, with one element of something else after each.
function samples.stepped(x)
   if x.ndim == 0 or x:numel() == 0 then return x end
   local list, sizes, n = flatten(x:tolist(), {}), {}, x.shape[x.ndim]
   for i = 1, x.ndim do sizes[i] = x.shape[i] end
   sizes[#sizes] = 2 * n
   local other = x.dtype == tide.bool or 77
   local wide = samples.build(sizes, samples.dtype_name(x), function(i)
      if i % 2 == 1 then return other end
      return list[i // 2 + 1]
   end)
   return wide[{"...", {1, 2 * n, 2}}]
end

-- Its first slice, seen as often as it had slices.
function samples.expanded(x)
   if x.ndim == 0 or x:numel() == 0 then return x end
   return x[{{1, 1}}]:expand(x.shape)
end

-- }======


-- {====== this file as a program: `lua5.4 spec/support/samples.lua dump`, or `cases` ======

-- One line per row and dtype: the results, for comparing instruction-set levels.
local function dump(entries)
   for _, op in ipairs(core.operators()) do
      local entry = entries[op.id]
      if op.dtypes ~= 0 and entry and not entry.samples then
         local f = core.operator(op.id)
         for _, dtype in ipairs(samples.dtypes) do
            if samples.tries(op, entry, dtype) then
               local words = {op.id, dtype}
               for _, call in ipairs(samples.calls(op, entry, dtype)) do
                  for _, v in ipairs(flatten(f(table.unpack(call, 1, call.n)):tolist(), {})) do
                     words[#words + 1] = math.type(v) == "float" and ("%.17g"):format(v) or tostring(v)
                  end
               end
               print(table.concat(words, " "))
            end
         end
      end
   end
end

local json

local function json_list(list, n)
   local words = {}
   for i = 1, n do words[i] = json(list[i]) end
   return "[" .. table.concat(words, ", ") .. "]"
end

local function json_fields(fields)
   local words = {}
   for k, v in pairs(fields) do words[#words + 1] = ("%q: %s"):format(k, json(v)) end
   table.sort(words)
   return "{" .. table.concat(words, ", ") .. "}"
end

-- JSON as Python reads it (with NaN and Infinity); tensors, dtypes and keywords are objects.
function json(v)
   if tide.is_tensor(v) then
      local values, sizes = flatten(v:tolist(), {}), {}
      for i = 1, v.ndim do sizes[i] = v.shape[i] end
      return ('{"tensor": %q, "shape": %s, "values": %s}'):format(samples.dtype_name(v), json_list(sizes, #sizes), json_list(values, #values))
   elseif v == nil then return "null"
   elseif math.type(v) == "float" then
      return v ~= v and "NaN" or math.abs(v) == math.huge and (v < 0 and "-Infinity" or "Infinity") or ("%.17g"):format(v):gsub("^-?%d+$", "%0.0")
   elseif type(v) == "string" then return ("%q"):format(v)
   elseif type(v) == "userdata" then return ('{"dtype": %q}'):format(tostring(v):gsub("^tide%.", ""))
   elseif type(v) == "table" and (v.n or #v > 0 or next(v) == nil) then return json_list(v, v.n or #v)
   elseif type(v) == "table" then return '{"keywords": ' .. json_fields(v) .. "}" end
   return tostring(v)
end

-- One line of JSON for each call that spec/data/ops.py is to make with PyTorch.
local function cases(entries)
   for _, op in ipairs(core.operators()) do
      local entry, kinds, names = entries[op.id], {}, {}
      for _, p in ipairs(op.params) do
         if p.kind ~= "CTX" then kinds[#kinds + 1], names[#names + 1] = p.kind, p.name end
      end
      local function case(dtype, k, call)
         print(json_fields {id = op.id, name = op.name, kinds = kinds, names = names, dtype = dtype, sample = k, args = call})
      end
      if entry and entry.data then
         for _, dtype in ipairs(entry.dtypes or {"float64", "int64"}) do
            for k, call in ipairs(samples.calls(op, entry, dtype)) do case(dtype, k, call) end
         end
      end
      if entry and samples.has_specials(op, entry) then
         for _, dtype in ipairs {"float64", "int64"} do
            if samples.claims(op, dtype) then case("special " .. dtype, 1, samples.special_call(op, entry, dtype)) end
         end
      end
   end
end

local program = {dump = dump, cases = cases}
if arg and arg[0] and arg[0]:match "samples%.lua$" then
   local entries = samples.load()
   assert(program[arg[1]], "dump or cases?")(entries)
end

-- }======

return samples
