-- :checkhealth codellama

local M = {}

local OLDEST_SERVER = '0.1.0'

local SECONDS = 30

---The command without what makes it a server.
---@param arguments string[]
---@return string[]
local function command_with(arguments)
  local command = {}
  for _, part in ipairs(require('codellama.config').current.cmd) do
    if part == 'serve' then
      break
    end
    table.insert(command, part)
  end
  return vim.list_extend(command, arguments)
end

---What a command line says; nil with the reason where it can't be started.
---@param arguments string[]
---@return string? output, string? problem
local function ask(arguments)
  local options = { text = true, timeout = SECONDS * 1000 }
  local started, process = pcall(vim.system, command_with(arguments), options)
  if not started then
    return nil, tostring(process)
  end
  local done = process:wait()
  if done.stdout == '' then
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

local TOLD = { ok = vim.health.ok, note = vim.health.warn, wrong = vim.health.error }

---What `codellama-lsp doctor` finds of a kind.
---@param title string
---@param section { findings: { label: string, text: string, state: string, hint: string }[] }
local function tell(title, section)
  for _, finding in ipairs(section.findings) do
    local text = ('%s: %s: %s'):format(title, vim.trim(finding.label), finding.text)
    TOLD[finding.state](text, finding.hint ~= '' and { finding.hint } or nil)
  end
end

---The models of the settings file, what the engine needs, and the settings.
local function check_report()
  local output, problem = ask({ 'doctor', '--quick', '--json' })
  local parsed, report = pcall(vim.json.decode, output or '')
  if not parsed then
    vim.health.warn('codellama-lsp doctor gave no report: ' .. (problem or 'not understood'))
    return
  end
  tell('model', report.models)
  tell('engine', report.sockets)
  tell('settings', report.settings)
end

local function check_engine()
  local status = require('codellama.status').get()
  if not status then
    vim.health.info('the server is not running; it starts with the first file')
  elseif status.state == 'failed' then
    vim.health.error('engine: ' .. (status.message or 'the model could not be loaded'))
  else
    vim.health.ok(('the server runs; its engine is %s, with %s'):format(status.state, status.model))
  end
end

function M.check()
  vim.health.start('codellama')
  check_neovim()
  if not vim.lsp.config.codellama or not vim.lsp.is_enabled('codellama') then
    vim.health.warn('not set up', { "call require('codellama').setup()" })
  end
  if check_command() then
    check_report()
  end
  check_engine()
end

return M
