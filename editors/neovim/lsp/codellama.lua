-- codellama-lsp for Neovim's own LSP client (0.11 and later). Copy it to ~/.config/nvim/lsp/, then
-- vim.lsp.enable('codellama') in your init.lua. See README.md beside this folder.

-- Neovim 0.11 inserts at most the first word of an edit. So the edit's first line is given to it as
-- the word, and the rest is done here once the entry was accepted.
local function finish_accepted(client_id)
  local entry = vim.tbl_get(vim.v.completed_item, 'user_data', 'nvim', 'lsp')
  if vim.v.event.reason ~= 'accept' or not entry or entry.client_id ~= client_id then
    return
  end
  local item = entry.completion_item
  local range = item.textEdit.range
  local word = vim.str_utfindex(item.filterText, 'utf-16')
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  -- What the edit replaces right of the cursor: brackets that the new text brings along.
  local replaced = range['end'].character - range.start.character - word
  local lines = vim.split(item.textEdit.newText, '\n')
  lines[1] = ''
  vim.api.nvim_buf_set_text(0, row - 1, column, row - 1, column + replaced, lines)
  vim.api.nvim_win_set_cursor(0, { row + #lines - 1, #lines > 1 and #lines[#lines] or column })
end

local function complete_in_menu(client, bufnr)
  vim.lsp.completion.enable(true, client.id, bufnr, {
    convert = function(item)
      return { word = vim.split(item.textEdit.newText, '\n')[1] }
    end,
  })
  vim.api.nvim_create_autocmd('CompleteDone', {
    buffer = bufnr,
    group = vim.api.nvim_create_augroup('codellama.' .. bufnr, {}),
    callback = function()
      finish_accepted(client.id)
    end,
  })
end

---@type vim.lsp.Config
return {
  cmd = { 'codellama-lsp', 'serve' },
  -- No filetypes: the server is there for every file.
  root_markers = { '.git' },
  -- The keys of config.example.yaml.
  init_options = vim.empty_dict(),
  on_attach = function(client, bufnr)
    if vim.lsp.inline_completion then
      vim.lsp.inline_completion.enable(true, { bufnr = bufnr, client_id = client.id })
    else
      complete_in_menu(client, bufnr)
    end
  end,
}
