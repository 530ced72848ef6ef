-- Draws a suggestion as ghost text: extmarks, nothing in the buffer.

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace('codellama.ghost')
local GHOST = 'CodeLlamaGhost'

---Neovim 0.12 has a highlight group for this; before, what is not text stands in.
function M.define_highlight()
  local link = vim.fn.hlexists('ComplHint') == 1 and 'ComplHint' or 'NonText'
  vim.api.nvim_set_hl(0, GHOST, { default = true, link = link })
end

---Virtual text shows a tab as a control character, so tabs become the spaces that they are wide.
---@param text string
---@param column integer the screen column where the text begins
---@return string
local function with_spaces(text, column)
  local parts = vim.split(text, '\t', { plain = true })
  local spaced = parts[1]
  for index = 2, #parts do
    local width = vim.fn.strdisplaywidth('\t', column + vim.fn.strdisplaywidth(spaced))
    spaced = spaced .. (' '):rep(width) .. parts[index]
  end
  return spaced
end

---@param suggestion codellama.Suggestion
function M.draw(suggestion)
  M.clear(suggestion.bufnr)
  local column = vim.fn.strdisplaywidth(suggestion.before)
  local lines = vim.split(suggestion.text, '\n', { plain = true })
  local first = with_spaces(table.remove(lines, 1), column)
  local below = vim.tbl_map(function(line)
    return { { with_spaces(line, 0), GHOST } }
  end, lines)
  local replaced = suggestion.after:sub(1, suggestion.replaced)
  local kept = suggestion.after:sub(suggestion.replaced + 1)
  local on_line, position = { { first, GHOST } }, 'inline'
  if #below == 0 and vim.endswith(first, replaced) then
    -- The closers that it brings along are on the screen already.
    on_line = { { first:sub(1, #first - #replaced), GHOST } }
  elseif suggestion.after ~= '' then
    -- What stands right of the cursor moves behind the suggestion: draw over it.
    table.insert(#below == 0 and on_line or below[#below], { with_spaces(kept, column), 'Normal' })
    local drawn = vim.fn.strdisplaywidth(#below == 0 and first .. kept or first)
    local covered = vim.fn.strdisplaywidth(suggestion.after, column) - drawn
    table.insert(on_line, { (' '):rep(math.max(covered, 0)), 'Normal' })
    position = 'overlay'
  end
  vim.api.nvim_buf_set_extmark(suggestion.bufnr, NAMESPACE, suggestion.row, #suggestion.before, {
    virt_text = on_line,
    virt_text_pos = position,
    virt_lines = #below > 0 and below or nil,
    hl_mode = 'combine',
  })
end

---@param bufnr integer
function M.clear(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
  end
end

return M
