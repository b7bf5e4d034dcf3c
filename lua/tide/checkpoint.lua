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
      if last.context_fn then core.error "checkpoint: context_fn is not there yet" end
      return last
   end

   local function versions(args)
      local list = {}
      for i = 1, args.n do
         local t = args[i]
         if tide.is_tensor(t) and not t:is_inference() then list[i] = t._version end
      end
      return list
   end

   -- checkpoint(f, ..., {preserve_rng_state =, determinism_check =}): f(...), which is called once more with the same arguments in backward.
   local function checkpoint(f, ...)
      local args = table.pack(...)
      local o = options(args)
      local preserve = o.preserve_rng_state ~= false
      local state = preserve and tide.get_rng_state()
      local at_first = versions(args)
      local count, values, facts = 0, {}, {}

      local function record(t)
         local n = #values + 1
         if n <= count and o.determinism_check ~= "none" and (t.shape ~= facts[n].shape or t.dtype ~= facts[n].dtype) then
            core.error(("checkpoint: tensor %d that the function saved has sizes %s and %s, when called again %s and %s"):format(
               n, tostring(facts[n].shape), tostring(facts[n].dtype), tostring(t.shape), tostring(t.dtype)))
         end
         values[n] = t:detach()
         return n
      end

      local function again()
         for i, version in pairs(at_first) do
            if args[i]._version ~= version then core.error(("checkpoint: argument %d was changed in place since the function was called"):format(i)) end
         end
         local now = state and tide.get_rng_state()
         if state then tide.set_rng_state(state) end
         values = {}
         local ok, problem = pcall(tide.enable_grad, hooks, record, function(i) return values[i] end, core.call, f, table.unpack(args, 1, args.n))
         if now then tide.set_rng_state(now) end
         if not ok then error(problem, 0) end
         if #values ~= count then core.error(("checkpoint: the function saved %d tensors when it was called, %d when it was called again"):format(count, #values)) end
      end

      local function pack(t)
         count = count + 1
         facts[count] = {shape = t.shape, dtype = t.dtype}
         return count
      end
      local function unpack(i)
         if not values[i] then again() end
         local t = values[i]
         values[i] = false
         return t
      end
      return hooks(pack, unpack, core.call, f, table.unpack(args, 1, args.n))
   end

   -- checkpoint_sequential(functions, segments, input): the functions one after the other, in so many checkpointed parts; the last is not one.
   local function checkpoint_sequential(functions, segments, input, given)
      local n = #functions
      if math.type(segments) ~= "integer" or segments < 1 or segments > n then
         core.error(("checkpoint_sequential: %s segments of %d functions"):format(tostring(segments), n))
      end
      local function run(first, last)
         return function(x)
            for i = first, last do x = functions[i](x) end
            return x
         end
      end
      local size, first = n // segments, 1
      for _ = 1, segments - 1 do
         input = checkpoint(run(first, first + size - 1), input, given)
         first = first + size
      end
      return run(first, n)(input)
   end

   return setmetatable({checkpoint = checkpoint, checkpoint_sequential = checkpoint_sequential}, {__call = function(_, ...) return checkpoint(...) end})
end
