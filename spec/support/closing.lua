-- busted's output, closed by the line that tools/test looks for:
--
--   busted: 12 passed, 0 failed, 1 skipped
--
-- Without that line the suite ended early (an os.exit, a crash), whatever its exit status says.
-- TIDE_OUTPUT names another of busted's handlers to print what comes before: TAP, gtest, junit ...
local busted = require "busted"

return function(options)
  local inner = require("busted.outputHandlers." .. (os.getenv("TIDE_OUTPUT") or "plainTerminal"))
  local handler = inner(options)
  busted.subscribe({"exit"}, function()
    local failed = handler.failuresCount + handler.errorsCount
    io.write(("busted: %d passed, %d failed, %d skipped\n"):format(handler.successesCount, failed, handler.pendingsCount))
    io.flush()
    return nil, true
  end)
  return handler
end
