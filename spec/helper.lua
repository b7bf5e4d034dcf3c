-- busted runs this before the specs: tide is loaded once, so that every spec file sees the same module.
require "tide"
