-- Functions that are no operators: they give Lua values, or are other names.
local core = require "tide.core"
core.own_source()

-- Raises unless f can be called.
function core.check_callable(f, what)
   if type(f) == "function" then return end
   local meta = type(f) ~= "string" and getmetatable(f)
   if not (type(meta) == "table" and meta.__call) then core.error(("%s: a function is expected, got %s"):format(what, type(f))) end
end

return function(tide)
   local methods, F = core.methods, core.nn.functional

   local function same(a, b) return a:eq(b):all():item() end

   -- Of two tensors of the same sizes. Of large ones the first part is looked at first, and so on: a difference is mostly found there.
   local function same_in_parts(a, b)
      if a:numel() <= 65536 then return same(a, b) end
      local dim, shape = 1, a.shape
      while shape[dim] == 1 do dim = dim + 1 end
      dim = dim - #shape - 1                                    -- from the end, which is the same whatever positions start at
      local x, y = a:chunk(8, dim), b:chunk(8, dim)
      if not same_in_parts(x[1], y[1]) then return false end
      for i = 2, #x do if not same(x[i], y[i]) then return false end end
      return true
   end

   -- Are sizes and all elements the same?
   function tide.equal(input, other)
      if not (tide.is_tensor(input) and tide.is_tensor(other)) then core.error "equal: two tensors are expected" end
      if input.shape ~= other.shape then return false end
      local n = input:numel()
      if n <= 65536 then return n == 0 or same(input, other) end
      return same_in_parts(input:detach(), other:detach())
   end

   -- |input - other| <= atol + rtol |other| everywhere; equal_nan: nan equals nan.
   function tide.allclose(input, other, ...)
      return tide.isclose(input, other, ...):all():item()
   end

   methods.equal, methods.allclose = tide.equal, tide.allclose

   -- A copy of data, with the dtype of x unless told otherwise.
   function methods.new_tensor(x, data, options)
      if not tide.is_tensor(x) then core.error "new_tensor: a tensor is expected" end
      if options ~= nil and type(options) ~= "table" then core.error("new_tensor: options are a table, not " .. type(options)) end
      local given = {dtype = x.dtype}
      for key, value in pairs(options or {}) do given[key] = value end
      return tide.tensor(data, given)
   end

   -- dims as PyTorch writes them too: {{of input}, {of other}}.
   local tensordot = tide.tensordot
   function tide.tensordot(input, other, dims, ...)
      local lists = type(dims) == "table" and (dims.dims or dims)
      if type(lists) == "table" and type(lists[1]) == "table" and lists[2] ~= nil then return tensordot(input, other, lists[1], lists[2]) end
      return tensordot(input, other, dims, ...)
   end

   for _, name in ipairs {"relu", "sigmoid", "tanh"} do F[name] = F[name] or tide[name] end
end
