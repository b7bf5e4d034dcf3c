-- What not every script uses is made when it is first asked for: tide starts sooner, and the collector has less to look through.

-- later(t, loaders, find, names): gives t fields that are made at first use by loaders[name](), which gives the value or sets it, and those that find(name)
-- gives, if any. pairs goes over all of them; names() lists those that find knows. A loader that fails (a host interrupts it) is called again next time.
return function(t, loaders, find, names)
   local function field(_, name)
      local load = loaders[name] or find
      if not load then return nil end
      local again = loaders[name]
      loaders[name] = nil
      local ok, value = pcall(load, name)
      if not ok then
         loaders[name] = again
         error(value, 0)
      end
      if value ~= nil then rawset(t, name, value) end
      return rawget(t, name)
   end
   local function all()
      for _, name in ipairs(names and names() or {}) do if rawget(t, name) == nil then field(t, name) end end
      for name in pairs(loaders) do if rawget(t, name) == nil then field(t, name) end end
      return next, t, nil
   end
   return setmetatable(t, {__index = field, __pairs = all})
end
