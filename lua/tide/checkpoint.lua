-- utils.checkpoint: a part of a model whose intermediate values are computed again in backward instead of being kept.
--
-- The values that the part would save are numbered; when the first of them is asked for, the part runs again and keeps
-- them. It works on saved-tensor hooks, so captured parameters get gradients, and derivatives of any order are right.
local core = require "tide.core"
core.own_source()

return function(tide)
   local hooks = tide.autograd.graph.saved_tensors_hooks
   local known = {use_reentrant = true, preserve_rng_state = true, determinism_check = true, debug = true, early_stop = true, context_fn = true}

   -- A last table whose keys are all options, and that has some.
   local function options(args)
      local last = args[args.n]
      if type(last) ~= "table" or getmetatable(last) or next(last) == nil then return {} end
      for key in pairs(last) do if not known[key] then return {} end end
      args[args.n] = nil
      args.n = args.n - 1
      return last
   end

   -- checkpoint(f, ..., {preserve_rng_state =}): f(...).
   local function checkpoint(f, ...)
      local args = table.pack(...)
      local preserve = options(args).preserve_rng_state ~= false
      local state = preserve and core.rng_state and core.rng_state()
      local count, values = 0, {}

      local function again()
         local now = state and core.rng_state()
         if state then core.set_rng_state(state) end
         local n = 0
         values = {}
         local ok, problem = pcall(tide.enable_grad, function()
            hooks(function(t) n = n + 1; values[n] = t:detach(); return n end, function(i) return values[i] end, f, table.unpack(args, 1, args.n))
         end)
         if now then core.set_rng_state(now) end
         if not ok then error(problem, 0) end
         if n ~= count then core.error(("checkpoint: the function saved %d tensors when it was called, %d when it was called again"):format(count, n)) end
      end

      local function pack() count = count + 1; return count end
      local function unpack(i)
         if not values[i] then again() end
         local t = values[i]
         values[i] = nil
         return t
      end
      return hooks(pack, unpack, f, table.unpack(args, 1, args.n))
   end

   return setmetatable({checkpoint = checkpoint}, {__call = function(_, ...) return checkpoint(...) end})
end
