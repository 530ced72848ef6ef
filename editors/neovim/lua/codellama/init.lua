-- codellama-lsp for Neovim: what a person's configuration calls. See :help codellama.

local M = {}

---Starts the server for every file and suggestions in insert mode.
---@param options? codellama.Options
function M.setup(options)
  local config = require('codellama.config')
  local problems = config.problems(options or {})
  if #problems > 0 then
    vim.notify('Code Llama: ' .. table.concat(problems, '\n'), vim.log.levels.ERROR)
    return
  end
  config.set(options or {})
  -- A plugin manager that loads this late, or from a folder in a repository, may have left it out.
  vim.cmd.runtime('plugin/codellama.lua')
  local status, page = require('codellama.status'), require('codellama.page')
  vim.lsp.config('codellama', {
    cmd = config.current.cmd,
    init_options = next(config.current.settings) and config.current.settings or nil,
    capabilities = {
      -- Neovim 0.11 does not say it: without it the server would answer in the completion menu.
      textDocument = { inlineCompletion = { dynamicRegistration = false } },
      experimental = { codellama = { pages = true, status = true } },
    },
    handlers = {
      ['codellama/page'] = page.on_page,
      ['codellama/status'] = status.on_status,
    },
    -- In the place of what lsp/codellama.lua has, which is for those without this plugin.
    on_attach = function() end,
    on_exit = status.on_exit,
  })
  require('codellama.builtin').start()
  require('codellama.inline').start()
  require('codellama.cursor').start()
  require('codellama.copied').start()
  for action, key in pairs(config.current.keys) do
    M._bind(action, key)
  end
  vim.lsp.enable('codellama')
end

---Takes the whole suggestion.
---@return boolean whether there was one
function M.accept()
  return require('codellama.inline').accept('all')
end

---@return boolean whether there was one
function M.accept_word()
  return require('codellama.inline').accept('word')
end

---@return boolean whether there was one
function M.accept_line()
  return require('codellama.inline').accept('line')
end

---Shows the next of several suggestions; asks for them where there is only one yet.
---@return boolean whether there was one
function M.next()
  return require('codellama.inline').next()
end

---@return boolean whether there was one
function M.dismiss()
  return require('codellama.inline').dismiss()
end

---Asks for a suggestion now.
---@return boolean always true: the key was for this
function M.trigger()
  require('codellama.inline').trigger()
  return true
end

---@return boolean
function M.visible()
  return require('codellama.inline').visible()
end

---Suggestions while typing on or off; `trigger` asks in either case.
---@return boolean whether they are on now
function M.toggle()
  local on = require('codellama.switch').toggle(vim.api.nvim_get_current_buf())
  require('codellama.inline').refresh()
  return on
end

---For a statusline.
---@return string
function M.statusline()
  return require('codellama.status').statusline()
end

---Binds a key of insert mode. Where there is nothing to do, the key does what it did before.
---@param action string
---@param key string|false
function M._bind(action, key)
  if not key then
    return
  end
  local before = vim.fn.maparg(key, 'i', false, true)
  local stand_in = ('<Plug>(codellama-before-%s)'):format(action)
  if before.lhs and before.buffer == 0 and not (before.desc or ''):find('^Code Llama') then
    before.lhs, before.lhsraw, before.lhsrawalt = stand_in, vim.keycode(stand_in), nil
    vim.fn.mapset('i', false, before)
  elseif not before.lhs then
    vim.keymap.set('i', stand_in, key, { desc = 'Code Llama: ' .. key .. ' itself' })
  end
  vim.keymap.set('i', key, function()
    return M[action]() and '' or stand_in
  end, {
    expr = true,
    remap = true,
    desc = 'Code Llama: ' .. require('codellama.config').ACTIONS[action],
  })
end

return M
