-- The options of setup{}: their defaults, and a check that names what is wrong.

local M = {}

---@class codellama.Keys
---@field accept? string|false takes the whole suggestion
---@field accept_word? string|false
---@field accept_line? string|false
---@field next? string|false shows the next of several suggestions
---@field dismiss? string|false
---@field trigger? string|false asks at once

---@class codellama.Options
---@field cmd? string[] the server and its arguments
---@field settings? table<string, any> the keys of config.example.yaml
---@field automatic? boolean suggest while you type; else on trigger only
---@field debounce_ms? integer how long a pause in typing has to be
---@field hide_with_menu? boolean no suggestion while the built-in completion menu is open
---@field page? 'split'|'vsplit'|'tab' where an explanation opens
---@field keys? codellama.Keys keys of insert mode; none is bound unless it stands here

---@class codellama.Config
---@field cmd string[]
---@field settings table<string, any>
---@field automatic boolean
---@field debounce_ms integer
---@field hide_with_menu boolean
---@field page 'split'|'vsplit'|'tab'
---@field keys codellama.Keys

---@type codellama.Config
local DEFAULTS = {
  cmd = { 'codellama-lsp', 'serve' },
  settings = {},
  automatic = true,
  debounce_ms = 75,
  hide_with_menu = true,
  page = 'vsplit',
  keys = {},
}

---@type table<string, fun(value: any): boolean>
local CHECKS = {
  ['a list of strings'] = function(value)
    return vim.islist(value)
      and #value > 0
      and vim.iter(value):all(function(part)
        return type(part) == 'string'
      end)
  end,
  ['a table'] = function(value)
    return type(value) == 'table'
  end,
  ['true or false'] = function(value)
    return type(value) == 'boolean'
  end,
  ['a number of milliseconds'] = function(value)
    return type(value) == 'number' and value >= 0
  end,
  ["'split', 'vsplit' or 'tab'"] = function(value)
    return vim.list_contains({ 'split', 'vsplit', 'tab' }, value)
  end,
  ['a key or false'] = function(value)
    return value == false or (type(value) == 'string' and value ~= '')
  end,
}

local EXPECTED = {
  cmd = 'a list of strings',
  settings = 'a table',
  automatic = 'true or false',
  debounce_ms = 'a number of milliseconds',
  hide_with_menu = 'true or false',
  page = "'split', 'vsplit' or 'tab'",
  keys = 'a table',
}

-- The parts of the plugin that a key can stand for, and how each is told to a person.
M.ACTIONS = {
  accept = 'Accept the suggestion',
  accept_word = "Accept the suggestion's next word",
  accept_line = "Accept the suggestion's next line",
  next = 'Show the next suggestion',
  dismiss = 'Dismiss the suggestion',
  trigger = 'Ask for a suggestion',
}

---@type codellama.Config
M.current = vim.deepcopy(DEFAULTS)

---@param values table
---@param expected table<string, string>
---@param prefix string
---@return string[] problems
local function problems_of(values, expected, prefix)
  local problems = {}
  for name, value in vim.spairs(values) do
    local wanted = expected[name]
    if not wanted then
      local known = vim.tbl_keys(expected)
      table.sort(known)
      table.insert(
        problems,
        ('%s%s is no option; there are: %s'):format(prefix, name, table.concat(known, ', '))
      )
    elseif not CHECKS[wanted](value) then
      table.insert(
        problems,
        ('%s%s must be %s, not %s'):format(prefix, name, wanted, vim.inspect(value))
      )
    end
  end
  return problems
end

---What is wrong with the options; empty if nothing is.
---@param options any
---@return string[]
function M.problems(options)
  if type(options) ~= 'table' then
    return { 'setup needs a table, not ' .. vim.inspect(options) }
  end
  local problems = problems_of(options, EXPECTED, '')
  if type(options.keys) == 'table' then
    local keys = vim.tbl_map(function()
      return 'a key or false'
    end, M.ACTIONS)
    vim.list_extend(problems, problems_of(options.keys, keys, 'keys.'))
  end
  return problems
end

---Takes the options over the defaults. They have been checked.
---@param options codellama.Options
function M.set(options)
  M.current = vim.tbl_extend('force', vim.deepcopy(DEFAULTS), options)
end

return M
