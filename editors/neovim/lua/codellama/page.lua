-- An explanation in a window of its own, where it grows while the model writes it.

local config = require('codellama.config')

local M = {}

local OPEN = { split = 'botright new', vsplit = 'botright vnew', tab = 'tabnew' }

local buffers = {} ---@type table<string, integer> of pages that are being written, by id

---A piece of a page. The last one has the whole page, or nothing where the answer failed.
---@class codellama.PagePiece
---@field id string
---@field title string
---@field markdown? string|vim.NIL
---@field done boolean

---The window of an earlier page of this name is used again.
---@param name string
---@return integer bufnr
local function show_buffer(name)
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local bufnr = vim.api.nvim_win_get_buf(window)
    if vim.api.nvim_buf_get_name(bufnr) == name then
      vim.api.nvim_set_current_win(window)
      return bufnr
    end
  end
  vim.cmd(OPEN[config.current.page])
  local bufnr = vim.api.nvim_get_current_buf()
  vim.bo[bufnr].buftype = 'nofile'
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].swapfile = false
  vim.bo[bufnr].buflisted = false
  vim.api.nvim_buf_set_name(bufnr, name)
  vim.bo[bufnr].filetype = 'markdown'
  vim.wo[0][0].wrap = true
  vim.wo[0][0].linebreak = true
  return bufnr
end

---@param bufnr integer
---@param text string
---@param whole boolean whether it takes the place of what is there
local function write(bufnr, text, whole)
  local lines = vim.split(text, '\n', { plain = true })
  vim.bo[bufnr].modifiable = true
  if whole then
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  else
    vim.api.nvim_buf_set_text(bufnr, -1, -1, -1, -1, lines)
  end
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
end

---codellama/page
---@param piece codellama.PagePiece
function M.on_page(_, piece)
  local bufnr = buffers[piece.id]
  local is_new = not bufnr
  if is_new then
    bufnr = show_buffer('codellama://' .. piece.title)
    buffers[piece.id] = bufnr
  end
  -- A page that was closed while it grew stays closed.
  if vim.api.nvim_buf_is_valid(bufnr) and type(piece.markdown) == 'string' then
    write(bufnr, piece.markdown, is_new or piece.done)
  end
  if piece.done then
    buffers[piece.id] = nil
  end
end

return M
