-- What the server is doing, for a statusline, as its notification codellama/status tells it.

local M = {}

---@alias codellama.State 'loading'|'ready'|'thinking'|'off'|'gone'|'failed'

---@class codellama.Status
---@field state codellama.State
---@field model string the one that completes
---@field percentage? integer of the loading
---@field message? string why it failed

local told = {} ---@type table<integer, codellama.Status> by the client's id

local function announce()
  vim.api.nvim_exec_autocmds('User', { pattern = 'CodeLlamaStatus', modeline = false })
  vim.cmd.redrawstatus()
end

---What the current buffer's server is doing, or any other one; nil where none runs.
---@return codellama.Status?
function M.get()
  local here = vim.lsp.get_clients({ bufnr = 0, name = 'codellama' })[1]
  return told[here and here.id] or select(2, next(told))
end

---In a word or two.
---@param status codellama.Status
---@return string
function M.words(status)
  local here = vim.api.nvim_get_current_buf()
  if status.state == 'ready' and not require('codellama.switch').is_on(here) then
    return 'off'
  elseif status.state == 'loading' and status.percentage then
    return ('loading %d%%'):format(status.percentage)
  end
  return status.state
end

---For a statusline; empty where the server does not run.
---@return string
function M.statusline()
  local status = M.get()
  return status and 'Code Llama: ' .. M.words(status) or ''
end

---codellama/status
---@param status table<string, any>
---@param context lsp.HandlerContext
function M.on_status(_, status, context)
  for name, value in pairs(status) do
    status[name] = value ~= vim.NIL and value or nil
  end
  told[context.client_id] = status
  announce()
end

---@param client_id integer
function M.on_exit(_, _, client_id)
  vim.schedule(function()
    told[client_id] = nil
    announce()
  end)
end

return M
