-- Tells the server what was yanked: it is likely wanted in another file.

local M = {}

local METHOD = 'codellama/copied'

---@param bufnr integer
local function tell(bufnr)
  local client = vim.lsp.get_clients({ bufnr = bufnr, name = 'codellama' })[1]
  if client then
    local first = vim.api.nvim_buf_get_mark(bufnr, '[')[1] - 1
    local last = vim.api.nvim_buf_get_mark(bufnr, ']')[1] - 1
    client:notify(METHOD, {
      textDocument = { uri = vim.uri_from_bufnr(bufnr) },
      -- Whole lines: what is shown of another file is never less.
      range = {
        start = { line = first, character = 0 },
        ['end'] = { line = last + 1, character = 0 },
      },
    })
  end
end

function M.start()
  vim.api.nvim_create_autocmd('TextYankPost', {
    group = vim.api.nvim_create_augroup('codellama.copied', {}),
    callback = function(event)
      -- What was deleted or changed is in the file no longer.
      if vim.v.event.operator == 'y' then
        tell(event.buf)
      end
    end,
  })
end

return M
