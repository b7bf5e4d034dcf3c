-- tide.utils.Progress: how far long work has got. On a terminal one line that is written over; elsewhere a plain line now and then, and the last.
--
--    local p = tide.utils.Progress(1000, {label = "epoch 1"})
--    for i = 1, 1000 do ... p:update {loss = loss:item()} end
--    p:finish()                                  epoch 1: 1000/1000, 812/s, loss 0.3127, 0:01
local core = require "tide.core"
local arguments = require "tide.arguments"
core.own_source()

local Progress = {}
Progress.__index = Progress

local function duration(seconds)
   seconds = math.floor(seconds + 0.5)
   if seconds >= 3600 then return ("%d:%02d:%02d"):format(seconds // 3600, seconds // 60 % 60, seconds % 60) end
   return ("%d:%02d"):format(seconds // 60, seconds % 60)
end

-- What the line says: how much is done, how fast, the values last given, and the time that is left (at the end: that it took).
function Progress:line()
   local elapsed = self.now() - self.start
   local rate = elapsed > 0 and self.done / elapsed or 0
   local parts = {("%.14g/%.14g"):format(self.done, self.total), rate >= 10 and ("%.0f/s"):format(rate) or ("%.2g/s"):format(rate)}
   for _, key in ipairs(self.keys) do
      local v = self.values[key]
      parts[#parts + 1] = type(v) == "number" and math.type(v) == "float" and ("%s %.4g"):format(key, v) or ("%s %s"):format(key, v)
   end
   if self.done >= self.total then parts[#parts + 1] = duration(elapsed)
   elseif rate > 0 then parts[#parts + 1] = duration((self.total - self.done) / rate) .. " left" end
   return (self.label ~= "" and self.label .. ": " or "") .. table.concat(parts, ", ")
end

function Progress:show(last)
   local text = self:line()
   if self.terminal then self.out:write("\r", text, "\27[K", last and "\n" or "") else self.out:write(text, "\n") end
   self.out:flush()
   self.shown, self.shown_done = self.now(), self.done
end

-- n more are done (1). values: what is shown beside, in the order in which names first came (several at once: by the alphabet).
function Progress:update(values, n)
   if type(values) == "number" then values, n = n, values end
   self.done = self.done + (n or 1)
   local fresh = {}
   for key, v in pairs(values or {}) do
      if self.values[key] == nil then fresh[#fresh + 1] = key end
      self.values[key] = v
   end
   table.sort(fresh)
   for _, key in ipairs(fresh) do self.keys[#self.keys + 1] = key end
   if self.now() - self.shown >= (self.terminal and 0.1 or self.interval) then self:show() end
end

function Progress:finish()
   if self.finished then return end
   self.finished = true
   self:show(true)
end
Progress.__close = Progress.finish

-- out: a file (default io.stderr); terminal: is it one (default: is stderr one); interval: seconds between plain lines.
local read = arguments("Progress", "total: integer, label: string = '', interval: number = 10, out: any = nil, terminal: boolean = nil, now: function = nil")
return function(...)
   local total, label, interval, out, terminal, now = read(...)
   now = now or core.now
   if terminal == nil then terminal = not out and core.is_terminal() end
   local start = now()
   return setmetatable({total = total, label = label, interval = interval, out = out or io.stderr, terminal = terminal, now = now, start = start, shown = start, done = 0,
      values = {}, keys = {}}, Progress)
end
