-- tide.func: functions that make functions. An argument may be a tensor or a table of tensors (parameters by name, lists), whose
-- gradient is a table with the same keys. They nest: grad(grad(f)).
local core = require "tide.core"
core.own_source()

return function(tide)
   local autograd_grad, func = tide.autograd.grad, {}

   -- The tensors of a nested table, in the order of its sorted keys; `path` names the place for messages.
   local function flatten(value, list, path)
      if tide.is_tensor(value) then list[#list + 1] = value; return list end
      if type(value) ~= "table" then core.error(("%s: a tensor or a table of tensors is expected, got %s"):format(path, type(value))) end
      local keys = {}
      for key in pairs(value) do keys[#keys + 1] = key end
      table.sort(keys, function(a, b) if type(a) == type(b) then return a < b end return type(a) == "number" end)
      for _, key in ipairs(keys) do flatten(value[key], list, ("%s[%s]"):format(path, tostring(key))) end
      return list
   end

   -- The same table with other tensors, taken from list from position `at.n` on.
   local function rebuild(value, list, at)
      if tide.is_tensor(value) then at.n = at.n + 1; return list[at.n] end
      local keys, copy = {}, {}
      for key in pairs(value) do keys[#keys + 1] = key end
      table.sort(keys, function(a, b) if type(a) == type(b) then return a < b end return type(a) == "number" end)
      for _, key in ipairs(keys) do copy[key] = rebuild(value[key], list, at) end
      return copy
   end

   -- A copy of an argument that records on its own, on top of whatever history it has.
   local function lift(value, path)
      local list = flatten(value, {}, path)
      local lifted = {}
      for i, x in ipairs(list) do
         if not x.dtype.is_floating_point then core.error(("%s: only tensors of a float dtype have gradients, this one is %s"):format(path, tostring(x.dtype))) end
         if x.requires_grad then lifted[i] = x:view_as(x) else lifted[i] = x:detach():requires_grad_() end
      end
      return rebuild(value, lifted, {n = 0}), lifted, list
   end

   -- Does t's graph reach a leaf that is not one of `mine`? If not, its history is of no use outside.
   local function reaches_outside(t, mine)
      local seen, queue = {}, {t.grad_fn}
      for _, x in ipairs(mine) do seen[x] = true end
      while #queue > 0 do
         local node = table.remove(queue)
         if not seen[node] then
            seen[node] = true
            if node.variable and not seen[node.variable] then return true end
            for _, edge in ipairs(node.next_functions) do if edge[1] then queue[#queue + 1] = edge[1] end end
         end
      end
      return false
   end

   -- A result as the caller should see it: without history, unless the caller records and it leads to tensors of the caller's.
   local function settle(value, lifted, records)
      if tide.is_tensor(value) then
         if value.requires_grad and not (records and reaches_outside(value, lifted)) then return value:detach() end
         return value
      end
      if type(value) ~= "table" then return value end
      local copy = {}
      for key, t in pairs(value) do copy[key] = settle(t, lifted, records) end
      return copy
   end

   local function check_keys(given, known, what)
      for key in pairs(given or {}) do if not known[key] then core.error(("%s: there is no keyword '%s'"):format(what, key)) end end
      return given or {}
   end

   -- argnums and options may be given in either form: grad(f, 2), grad(f, {1, 2}), grad(f, {argnums = 2, has_aux = true})
   local function read(argnums, given, what)
      if type(argnums) == "table" and #argnums == 0 then given, argnums = argnums, nil end
      local o = check_keys(given, {argnums = true, has_aux = true, chunk_size = true}, what)
      argnums = argnums or o.argnums or 1
      local list = type(argnums) == "table" and argnums or {argnums}
      for _, k in ipairs(list) do
         if math.type(k) ~= "integer" or k == 0 then core.error(("%s: argnums: positions count from 1, got %s"):format(what, tostring(k))) end
      end
      return list, type(argnums) ~= "table", o.has_aux
   end

   local function lift_arguments(args, argnums, what)
      local lifted, trees = {}, {}
      for i, k in ipairs(argnums) do
         local place = k < 0 and args.n + k + 1 or k
         if place < 1 or place > args.n then core.error(("%s: argnums: there is no argument %d among %d"):format(what, k, args.n)) end
         local tree, list = lift(args[place], ("%s: argument %d"):format(what, place))
         args[place], trees[i] = tree, tree
         for _, x in ipairs(list) do lifted[#lifted + 1] = x end
      end
      return lifted, trees
   end

   local function gradients(y, lifted, v)
      return table.pack(autograd_grad(y, lifted, {grad_outputs = v, create_graph = true, materialize_grads = true}))
   end

   -- The gradient of f's one number, that number, and aux: all as the caller should see them.
   local function differentiate(f, numbers, single, what, ...)
      local args, records = table.pack(...), tide.is_grad_enabled()
      return tide.enable_grad(function()
         local lifted, trees = lift_arguments(args, numbers, what)
         local y, aux = f(table.unpack(args, 1, args.n))
         if not tide.is_tensor(y) or y.ndim ~= 0 then core.error(what .. ": the function must give a 0-dim tensor") end
         local list = y.requires_grad and gradients(y, lifted) or {}
         for i, x in ipairs(lifted) do list[i] = list[i] or tide.zeros_like(x) end
         local at, result = {n = 0}, {}
         for i, tree in ipairs(trees) do result[i] = settle(rebuild(tree, list, at), lifted, records) end
         return single and result[1] or result, settle(y, lifted, records), settle(aux, lifted, records)
      end)
   end

   -- grad_and_value(f, argnums, {has_aux =}): a function that gives the gradient of f's one number (a list of them where argnums is a list), and
   -- that number; where f gives aux too, {number, aux}.
   function func.grad_and_value(f, argnums, given)
      core.check_callable(f, "grad")
      local numbers, single, has_aux = read(argnums, given, "grad_and_value")
      return function(...)
         local g, y, aux = differentiate(f, numbers, single, "grad_and_value", ...)
         if has_aux then return g, {y, aux} end
         return g, y
      end
   end

   -- grad(f, argnums, {has_aux =}): a function that gives the gradient alone, one result per argument; or with aux, the gradient (a list where argnums
   -- is a list) and aux.
   function func.grad(f, argnums, given)
      local numbers, single, has_aux = read(argnums, given, "grad")
      return function(...)
         local g, _, aux = differentiate(f, numbers, single, "grad", ...)
         if has_aux then return g, aux end
         if single then return g end
         return table.unpack(g)
      end
   end

   -- vjp(f, ...): f(...) and a function that takes a gradient of it (same structure) to one result per argument.
   -- With {has_aux = true} as the only keyword of a last table, f gives (result, aux), and so does vjp after its two results.
   function func.vjp(f, ...)
      core.check_callable(f, "vjp")
      local args = table.pack(...)
      local has_aux = false
      local last = args[args.n]
      if args.n > 1 and type(last) == "table" and not tide.is_tensor(last) and last.has_aux ~= nil and next(last, next(last)) == nil then
         has_aux = last.has_aux
         args.n = args.n - 1
      end
      local records = tide.is_grad_enabled()
      return tide.enable_grad(function()
         local numbers = {}
         for k = 1, args.n do numbers[k] = k end
         local lifted, trees = lift_arguments(args, numbers, "vjp")
         local results = table.pack(f(table.unpack(args, 1, args.n)))
         local y, aux = results[1], has_aux and results[2] or nil
         if results.n > 1 and not has_aux then y = {table.unpack(results, 1, results.n)} end
         local outputs = flatten(y, {}, "vjp: the function's result")
         local function back(v)
            local given = flatten(v, {}, "vjp: the gradient")
            if #given ~= #outputs then core.error(("vjp: the gradient has %d tensors, the function's result %d"):format(#given, #outputs)) end
            records = tide.is_grad_enabled()
            return tide.enable_grad(function()
               local usable, vectors = {}, {}
               for i, t in ipairs(outputs) do if t.requires_grad then usable[#usable + 1] = t; vectors[#vectors + 1] = given[i] end end
               local list = #usable > 0 and gradients(usable, lifted, vectors) or {}
               for i, x in ipairs(lifted) do list[i] = list[i] or tide.zeros_like(x) end
               local at, gs = {n = 0}, {}
               for i, tree in ipairs(trees) do gs[i] = settle(rebuild(tree, list, at), lifted, records) end
               return table.unpack(gs, 1, #trees)
            end)
         end
         if has_aux then return settle(y, lifted, records), back, settle(aux, lifted, records) end
         return settle(y, lifted, records), back
      end)
   end

   -- The Jacobian of one output with respect to the lifted tensors, as a list.
   local function jacobian_of(y, lifted)
      local rows, flat = {}, y:reshape(-1)
      for i = 1, #lifted do rows[i] = {} end
      for k = 1, y:numel() do
         local g = y.requires_grad and gradients(flat[k], lifted) or {}
         for i, x in ipairs(lifted) do rows[i][k] = (g[i] or tide.zeros_like(x)):reshape(-1) end
      end
      local list = {}
      for i, x in ipairs(lifted) do
         local shape = {}
         for _, n in ipairs(y.shape) do shape[#shape + 1] = n end
         for _, n in ipairs(x.shape) do shape[#shape + 1] = n end
         list[i] = #rows[i] == 0 and tide.zeros(shape, {dtype = x.dtype}) or tide.stack(rows[i]):view(shape)
      end
      return list
   end

   -- jacrev(f, argnums, {has_aux =, chunk_size =}): a function that gives the Jacobian of f, row by row; one result per argument where argnums is a list. For
   -- several results of f, or a table, the same structure of Jacobians; within each, a list over the arguments where argnums is a list.
   function func.jacrev(f, argnums, given)
      core.check_callable(f, "jacrev")
      local numbers, single, has_aux = read(argnums, given, "jacrev")
      return function(...)
         local args, records = table.pack(...), tide.is_grad_enabled()
         return tide.enable_grad(function()
            local lifted, trees = lift_arguments(args, numbers, "jacrev")
            local results = table.pack(f(table.unpack(args, 1, args.n)))
            local aux
            if has_aux then aux = results[2]; results.n = 1 end
            local function of(y)
               if not tide.is_tensor(y) then
                  if type(y) ~= "table" then core.error(("jacrev: the function's result: a tensor is expected, got %s"):format(type(y))) end
                  local copy = {}
                  for key, t in pairs(y) do copy[key] = of(t) end
                  return copy
               end
               local list, at, jacobians = jacobian_of(y, lifted), {n = 0}, {}
               for i, tree in ipairs(trees) do jacobians[i] = settle(rebuild(tree, list, at), lifted, records) end
               return single and jacobians[1] or jacobians
            end
            local out = {}
            for i = 1, results.n do out[i] = of(results[i]) end
            if has_aux then return out[1], settle(aux, lifted, records) end
            if results.n == 1 and not single and tide.is_tensor(results[1]) then return table.unpack(out[1]) end
            return table.unpack(out, 1, results.n)
         end)
      end
   end

   -- hessian(f, argnums): the Jacobian of the Jacobian.
   function func.hessian(f, argnums) return func.jacrev(func.jacrev(f, argnums), argnums) end

   -- functional_call(module, parameters, args, kwargs): calls the module with these tensors in the places of its own, named by
   -- dotted paths, for this call only.
   function func.functional_call(module, parameters, args, kwargs)
      core.check_callable(module, "functional_call")
      if type(module) ~= "table" then core.error("functional_call: a module is expected, got " .. type(module)) end
      if type(parameters) ~= "table" then core.error("functional_call: a table of parameters is expected, got " .. type(parameters)) end
      for path in pairs(parameters) do if type(path) ~= "string" then core.error "functional_call: parameters are named by strings" end end
      -- Where the tensor at a path is kept: the table and its key.
      local function place(path)
         local owner, key = module, path:match "[^.]+$"
         for part in path:gmatch "([^.]+)%." do
            owner = owner[part] or (tonumber(part) and owner[tonumber(part) + 1]) or core.error(("functional_call: the module has no '%s'"):format(path))
         end
         if tide.nn.isinstance(owner, tide.nn.Module) then
            local own = owner:_slot "_parameters".values
            owner = own[key] ~= nil and own or owner:_slot "_buffers".values
         end
         if owner[key] == nil then core.error(("functional_call: the module has no '%s'"):format(path)) end
         return owner, key
      end
      local saved = {}
      local function restore() for i = #saved, 1, -1 do local s = saved[i]; s[1][s[2]] = s[3] end end
      local done = table.pack(pcall(function()
         for path, t in pairs(parameters) do
            local owner, key = place(path)
            saved[#saved + 1] = {owner, key, owner[key]}
            owner[key] = t
         end
         local list = tide.is_tensor(args) and {args, n = 1} or table.pack(table.unpack(args or {}))
         if kwargs then list.n = list.n + 1; list[list.n] = kwargs end
         return module(table.unpack(list, 1, list.n))
      end))
      restore()
      if not done[1] then error(done[2], 0) end
      return table.unpack(done, 2, done.n)
   end

   for _, name in ipairs {"vmap", "jvp", "jacfwd", "linearize"} do
      func[name] = function() core.error(("func.%s is not there yet: it needs forward mode or batching"):format(name)) end
   end

   return func
end
