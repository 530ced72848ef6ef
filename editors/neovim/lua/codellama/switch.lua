-- Whether suggestions come while one types. As in vim.lsp.inline_completion there are two switches,
-- the server's (the option `automatic`) and the buffers', and both have to be on.

local config = require('codellama.config')

local M = {}

local everywhere = true
local buffers = {} ---@type table<integer, boolean> where it is not as everywhere

---@param bufnr? integer nil for buffers of which nothing of their own was said
---@return boolean
function M.is_on(bufnr)
  if not config.current.automatic then
    return false
  end
  local here = buffers[bufnr]
  if here == nil then
    return everywhere
  end
  return here
end

---@param on boolean
function M.set_server(on)
  config.current.automatic = on
end

---@param on boolean
---@param bufnr? integer nil for all
function M.set_buffers(on, bufnr)
  if bufnr then
    buffers[bufnr] = on
  else
    everywhere, buffers = on, {}
  end
end

---On or off for the server; on means that it is on here.
---@param bufnr integer
---@return boolean
function M.toggle(bufnr)
  local on = not M.is_on(bufnr)
  M.set_server(on)
  if on and not M.is_on(bufnr) then
    M.set_buffers(true, bufnr)
  end
  return on
end

return M
