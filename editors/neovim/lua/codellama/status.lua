-- What the server is doing, for a statusline. Learnt from standard messages only.

local M = {}

---@alias codellama.State 'stopped'|'loading'|'ready'|'thinking'|'error'

local state = 'stopped' ---@type codellama.State
local detail = '' -- the error's text, or how far loading is
local loading_token ---@type integer|string?

---@param new codellama.State
---@param text? string
local function set(new, text)
  state, detail = new, text or ''
  vim.api.nvim_exec_autocmds('User', { pattern = 'CodeLlamaStatus', modeline = false })
  vim.cmd.redrawstatus()
end

---@return codellama.State state, string detail
function M.get()
  return state, detail
end

---For a statusline; empty where the server does not run.
---@return string
function M.statusline()
  if state == 'stopped' then
    return ''
  end
  local off = not require('codellama.config').current.automatic
  local text = (state == 'ready' and off) and 'off' or state
  if state == 'loading' and detail ~= '' then
    text = text .. ' ' .. detail
  end
  return 'Code Llama: ' .. text
end

---@param is_thinking boolean
function M.thinking(is_thinking)
  if is_thinking and state == 'ready' then
    set('thinking')
  elseif not is_thinking and state == 'thinking' then
    set('ready')
  end
end

---@param token integer|string
---@param value lsp.WorkDoneProgressBegin|lsp.WorkDoneProgressReport|lsp.WorkDoneProgressEnd
local function on_progress(token, value)
  if value.kind == 'begin' and value.title:find('loading', 1, true) then
    loading_token = token
    set('loading')
  elseif token ~= loading_token then
    return
  elseif value.kind == 'end' then
    loading_token = nil
    if state ~= 'error' then
      set('ready')
    end
  elseif value.percentage then
    set('loading', value.percentage .. '%')
  end
end

---@type lsp.Handler
function M.on_message(error, params, context)
  if params.type == vim.lsp.protocol.MessageType.Error and loading_token then
    set('error', params.message)
  end
  return vim.lsp.handlers['window/showMessage'](error, params, context)
end

function M.on_exit()
  loading_token = nil
  vim.schedule(function()
    set('stopped')
  end)
end

function M.start()
  vim.api.nvim_create_autocmd('LspProgress', {
    group = vim.api.nvim_create_augroup('codellama.status', {}),
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == 'codellama' then
        on_progress(event.data.params.token, event.data.params.value)
      end
    end,
  })
end

return M
