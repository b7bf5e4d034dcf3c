std = "lua54"
max_line_length = 160
exclude_files = {"build*"}
files["spec"] = {std = "lua54+busted"}
files["spec/data"] = {max_line_length = false}      -- written by scripts
