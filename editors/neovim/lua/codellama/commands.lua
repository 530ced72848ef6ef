-- :CodeLlama and what its subcommands do.

local status = require('codellama.status')

local M = {}

---@param text string
---@param level? integer
local function tell(text, level)
  vim.notify('Code Llama: ' .. text, level or vim.log.levels.INFO)
end

---@return vim.lsp.Client?
local function client()
  local found = vim.lsp.get_clients({ bufnr = 0, name = 'codellama' })[1]
  if not found then
    tell('the server is not attached to this buffer; see :checkhealth codellama', 3)
  end
  return found
end

---Lines as the protocol's range; without lines the one that the cursor is on.
---@param command vim.api.keyset.create_user_command.command_args
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return lsp.Range
local function range_of(command, encoding)
  local last = vim.fn.getline(command.line2)
  return {
    start = { line = command.line1 - 1, character = 0 },
    ['end'] = { line = command.line2 - 1, character = vim.str_utfindex(last, encoding) },
  }
end

---@param first integer a line from 0
---@param last integer
---@return lsp.Diagnostic[]
local function diagnostics_between(first, last)
  local found = vim.tbl_filter(function(diagnostic)
    return diagnostic.lnum <= last and (diagnostic.end_lnum or diagnostic.lnum) >= first
  end, vim.diagnostic.get(0))
  return vim.lsp.diagnostic.from(found)
end

---Asks the server for an action on lines. Its answer is an edit or a page.
---@param action 'explain'|'generate'|'fix'
---@param command vim.api.keyset.create_user_command.command_args
---@param instruction? string
local function act(action, command, instruction)
  local server = client()
  if not server then
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  local range = range_of(command, server.offset_encoding)
  local request = {
    uri = vim.uri_from_bufnr(bufnr),
    range = range,
    version = vim.lsp.util.buf_versions[bufnr],
    instruction = instruction,
    diagnostics = action == 'fix' and diagnostics_between(range.start.line, range['end'].line)
      or nil,
  }
  server:exec_cmd(
    { title = action, command = 'codellama.' .. action, arguments = { request } },
    { bufnr = bufnr },
    function(error)
      if error then
        tell(error.message, vim.log.levels.ERROR)
      end
    end
  )
end

---@type table<string, fun(command: vim.api.keyset.create_user_command.command_args, rest: string)>
local SUBCOMMANDS = {
  explain = function(command)
    act('explain', command)
  end,
  generate = function(command, rest)
    act('generate', command, rest ~= '' and rest or nil)
  end,
  fix = function(command)
    act('fix', command)
  end,
  toggle = function()
    tell('suggestions are ' .. (require('codellama').toggle() and 'on' or 'off'))
  end,
  status = function()
    local now = status.get()
    if not now then
      return tell('the server does not run')
    end
    tell(('%s (%s)'):format(status.words(now), now.message or now.model))
  end,
  log = function()
    vim.cmd.split(vim.fn.fnameescape(vim.lsp.log.get_filename()))
    vim.cmd.normal({ 'G', bang = true })
  end,
  stop = function()
    vim.lsp.enable('codellama', false)
    for _, running in ipairs(vim.lsp.get_clients({ name = 'codellama' })) do
      running:stop()
    end
  end,
  start = function()
    vim.lsp.enable('codellama')
  end,
}

---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local name, rest = command.args:match('^(%S+)%s*(.*)$')
  local run = SUBCOMMANDS[name]
  if run then
    run(command, rest)
  else
    tell(('there is no :CodeLlama %s'):format(name), vim.log.levels.ERROR)
  end
end

---@param lead string
---@return string[]
function M.complete(lead, line)
  if line:match('CodeLlama%s+%S+%s') then
    return {}
  end
  local names = vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, vim.tbl_keys(SUBCOMMANDS))
  table.sort(names)
  return names
end

return M
