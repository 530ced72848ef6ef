-- Settings of luacheck: Lua as it is in Neovim.
std = 'luajit'
read_globals = { 'vim' }
-- What options, variables and functions of Neovim are set by.
globals = { 'vim.b', 'vim.bo', 'vim.env', 'vim.g', 'vim.opt', 'vim.ui', 'vim.wo' }
max_line_length = 100
