-- :checkhealth codellama

local M = {}

local OLDEST_SERVER = '0.1.0'

---Runs the server's command line; nil with the reason where it fails.
---@param arguments string[]
---@return string? output, string? problem
local function ask(arguments)
  local command = { require('codellama.config').current.cmd[1], unpack(arguments) }
  local started, process = pcall(vim.system, command, { text = true, timeout = 20000 })
  if not started then
    return nil, tostring(process)
  end
  local done = process:wait()
  if done.code ~= 0 then
    return nil, vim.trim(done.stderr ~= '' and done.stderr or 'it ended with ' .. done.code)
  end
  return done.stdout
end

local function check_neovim()
  if vim.fn.has('nvim-0.11') == 1 then
    vim.health.ok('Neovim ' .. tostring(vim.version()))
  else
    vim.health.error('Neovim 0.11 or later is needed')
  end
end

---@return boolean
local function check_command()
  local command = require('codellama.config').current.cmd[1]
  if vim.fn.executable(command) == 0 then
    vim.health.error(('%s is not a command'):format(command), {
      'make install in a checkout of codellama-lsp leaves .venv/bin/codellama-lsp',
      "put it on PATH, or name it: setup({ cmd = { '/path/to/codellama-lsp', 'serve' } })",
    })
    return false
  end
  local output, problem = ask({ '--version' })
  local version = output and vim.version.parse(output, { strict = false })
  if not version then
    vim.health.error(('%s does not run: %s'):format(command, problem or 'it told no version'))
    return false
  elseif vim.version.lt(version, OLDEST_SERVER) then
    vim.health.warn(
      ('%s is version %s; this plugin is for %s or later'):format(
        command,
        tostring(version),
        OLDEST_SERVER
      )
    )
  else
    vim.health.ok(('%s, version %s'):format(vim.fn.exepath(command), tostring(version)))
  end
  return true
end

local function check_models()
  local output, problem = ask({ 'models', 'list', '--json' })
  local parsed, models = pcall(vim.json.decode, output or '')
  if not parsed then
    vim.health.warn('the models could not be listed: ' .. (problem or 'not understood'))
    return
  end
  local here = vim.tbl_filter(function(model)
    return model.here
  end, models)
  if #here == 0 then
    vim.health.warn('no model has been fetched', { 'codellama-lsp models pull NAME' })
    return
  end
  local names = vim.tbl_map(function(model)
    return model.name
  end, here)
  vim.health.ok('models here: ' .. table.concat(names, ', '))
end

local function check_engine()
  local status = require('codellama.status').get()
  if not status then
    vim.health.info('the server is not running; it starts with the first file')
  elseif status.state == 'failed' then
    vim.health.error(status.message or 'the model could not be loaded')
  else
    vim.health.ok(('the server runs and is %s, with %s'):format(status.state, status.model))
  end
end

function M.check()
  vim.health.start('codellama')
  check_neovim()
  if not vim.lsp.config.codellama or not vim.lsp.is_enabled('codellama') then
    vim.health.warn('not set up', { "call require('codellama').setup()" })
  end
  if check_command() then
    check_models()
  end
  check_engine()
end

return M
