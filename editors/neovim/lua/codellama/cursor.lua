-- Tells the server where the cursor rests, so that it reads the code there before the first key.

local M = {}

local METHOD = 'codellama/cursor'
local REST_MS = 200

local timer = assert(vim.uv.new_timer())
---@type { bufnr: integer, tick: integer }?
local seen

local function tell()
  local suggestions = require('codellama.suggestion')
  local place = suggestions.place()
  local client = vim.lsp.get_clients({ bufnr = place.bufnr, name = 'codellama' })[1]
  if client then
    client:notify(METHOD, {
      textDocument = { uri = vim.uri_from_bufnr(place.bufnr) },
      position = suggestions.position(place, client.offset_encoding),
    })
  end
end

-- Where text was typed a suggestion is asked for, and what comes after it is prepared by that.
local function on_move(event)
  local bufnr = vim.api.nvim_get_current_buf()
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  local typed = event.event == 'CursorMovedI' and seen and seen.bufnr == bufnr and seen.tick ~= tick
  seen = { bufnr = bufnr, tick = tick }
  if typed then
    timer:stop()
  else
    timer:start(REST_MS, 0, vim.schedule_wrap(tell))
  end
end

function M.start()
  vim.api.nvim_create_autocmd({ 'CursorMoved', 'CursorMovedI', 'BufEnter', 'LspAttach' }, {
    group = vim.api.nvim_create_augroup('codellama.cursor', {}),
    callback = on_move,
  })
end

return M
