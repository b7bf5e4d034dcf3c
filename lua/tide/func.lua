local core = require "tide.core"
core.own_source()
return core.autograd or {}
