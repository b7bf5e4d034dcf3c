std = "lua54"
max_line_length = 200
exclude_files = {"build*"}
files["spec"] = {std = "lua54+busted"}
files["spec/data"] = {max_line_length = false}      -- written by scripts
files["spec/samples"] = {max_line_length = false, ignore = {"212"}}     -- tables, a line an operator
