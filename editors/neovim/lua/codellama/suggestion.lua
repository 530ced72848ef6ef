-- What a suggestion is, as plain data: from the server's item, through typing, to its parts.
-- Columns are bytes, as in Neovim's buffers; only `from_item` knows the protocol's units.

local M = {}

---Where the cursor is, and what the answer to a request depends on.
---@class codellama.Place
---@field bufnr integer
---@field row integer from 0
---@field before string the line left of the cursor
---@field after string the line right of it
---@field tick integer the buffer's changedtick

---@class codellama.Suggestion
---@field bufnr integer
---@field row integer from 0
---@field before string the line left of the cursor
---@field after string the line right of it
---@field text string what it writes at the cursor
---@field replaced integer how many bytes right of the cursor it takes away
---@field client_id integer whose suggestion it is
---@field command? lsp.Command to run when it was accepted

---@return codellama.Place
function M.place()
  local bufnr = vim.api.nvim_get_current_buf()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  return {
    bufnr = bufnr,
    row = row - 1,
    before = line:sub(1, column),
    after = line:sub(column + 1),
    tick = vim.api.nvim_buf_get_changedtick(bufnr),
  }
end

---@param one codellama.Place
---@param other codellama.Place
---@return boolean
function M.same_place(one, other)
  return one.bufnr == other.bufnr
    and one.tick == other.tick
    and one.row == other.row
    and one.before == other.before
end

---The protocol's position of a place.
---@param place codellama.Place
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return lsp.Position
function M.position(place, encoding)
  return { line = place.row, character = vim.str_utfindex(place.before, encoding) }
end

---A suggestion's rest at another place.
---@param suggestion codellama.Suggestion
---@param place codellama.Place
---@param text string
---@return codellama.Suggestion
local function moved(suggestion, place, text)
  return vim.tbl_extend('force', suggestion, {
    row = place.row,
    before = place.before,
    after = place.after,
    text = text,
  })
end

---The server's item for a place; nil where it does not fit there.
---@param item lsp.InlineCompletionItem
---@param place codellama.Place
---@param client vim.lsp.Client
---@return codellama.Suggestion?
function M.from_item(item, place, client)
  local encoding = client.offset_encoding
  local text = item.insertText
  if type(text) ~= 'string' then
    return nil -- a snippet, which this server never sends
  end
  local line, cursor = place.before .. place.after, #place.before
  local first, last = cursor, cursor
  if item.range then
    if item.range.start.line ~= place.row or item.range['end'].line ~= place.row then
      return nil
    end
    first = vim.str_byteindex(line, encoding, item.range.start.character, false)
    last = vim.str_byteindex(line, encoding, item.range['end'].character, false)
  end
  local already = line:sub(first + 1, cursor)
  if first > cursor or last < cursor or not vim.startswith(text, already) then
    return nil
  end
  text = text:sub(#already + 1)
  if text == '' then
    return nil
  end
  return {
    bufnr = place.bufnr,
    row = place.row,
    before = place.before,
    after = place.after,
    text = text,
    replaced = last - cursor,
    client_id = client.id,
    command = item.command,
  }
end

---What is left of a suggestion when its beginning was typed; nil if anything else was done.
---@param suggestion codellama.Suggestion
---@param place codellama.Place
---@return codellama.Suggestion?
function M.typed_through(suggestion, place)
  local typed = place.before:sub(#suggestion.before + 1)
  local on_its_way = suggestion.bufnr == place.bufnr
    and suggestion.row == place.row
    and suggestion.after == place.after
    and vim.startswith(place.before, suggestion.before)
    and vim.startswith(suggestion.text, typed)
    and #typed < #suggestion.text
  return on_its_way and moved(suggestion, place, suggestion.text:sub(#typed + 1)) or nil
end

---What is left of several, and which of them is now the one that was at `index`.
---@param all codellama.Suggestion[] the one at `index` was typed through
---@param index integer
---@param place codellama.Place
---@return codellama.Suggestion[], integer
function M.all_typed_through(all, index, place)
  local left, at = {}, 1
  for position, suggestion in ipairs(all) do
    table.insert(left, M.typed_through(suggestion, place))
    at = position == index and #left or at
  end
  return left, at
end

---The beginning of a suggestion's text that a key takes.
---@param suggestion codellama.Suggestion
---@param part 'all'|'word'|'line'
---@return string
function M.beginning(suggestion, part)
  local text = suggestion.text
  if part == 'word' then
    -- A word by 'iskeyword', or a run of anything else, with the white space before it.
    return vim.fn.matchstr(text, [[\v^\_s*%(\k+|%(\k@!\S)+)?]])
  elseif part == 'line' then
    return text:match('^\n*[^\n]*')
  end
  return text
end

---Writes a suggestion's beginning into its buffer and puts the cursor behind it, as one step to
---undo.
---@param suggestion codellama.Suggestion
---@param text string what `beginning` gave
---@return codellama.Suggestion? rest
function M.write(suggestion, text)
  local whole = text == suggestion.text
  local row, column = suggestion.row, #suggestion.before
  local lines = vim.split(text, '\n', { plain = true })
  -- Setting 'undolevels' ends the undo step that typing is in (:help undo-break).
  vim.bo.undolevels = vim.bo.undolevels
  local last = column + (whole and suggestion.replaced or 0)
  vim.api.nvim_buf_set_text(suggestion.bufnr, row, column, row, last, lines)
  vim.bo.undolevels = vim.bo.undolevels
  local end_column = #lines[#lines] + (#lines == 1 and column or 0)
  vim.api.nvim_win_set_cursor(0, { row + #lines, end_column })
  if not whole then
    return moved(suggestion, M.place(), suggestion.text:sub(#text + 1))
  end
end

return M
