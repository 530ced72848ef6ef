-- Neovim 0.12's vim.lsp.inline_completion in front of the plugin: enable() and is_enabled() are its
-- switch, get() accepts and select() shows the next, so that keys made for them work. What asks and
-- draws is inline.lua, as in 0.11. Nothing private of Neovim is used: its four functions get a step
-- before them, and its requests do not reach our server, or it would draw the suggestion again.

local inline = require('codellama.inline')
local switch = require('codellama.switch')

local M = {}

local NAME = 'codellama'
local own = {} ---@type table<string, function> the functions as Neovim has them

---@param bufnr? integer
---@return integer
local function resolved(bufnr)
  return (bufnr == nil or bufnr == 0) and vim.api.nvim_get_current_buf() or bufnr
end

---@param id integer
---@return boolean
local function is_ours(id)
  local client = vim.lsp.get_client_by_id(id)
  return client ~= nil and client.name == NAME
end

---@param on? boolean nil for true
---@param filter? vim.lsp.capability.enable.Filter
local function enable(on, filter)
  own.enable(on, filter)
  local id, bufnr = (filter or {}).client_id, (filter or {}).bufnr
  on = on ~= false
  if id and not is_ours(id) then
    return
  elseif id and not bufnr then
    switch.set_server(on)
  else
    switch.set_buffers(on, bufnr and resolved(bufnr))
  end
  inline.refresh()
end

---@param filter? vim.lsp.capability.enable.Filter
---@return boolean
local function is_enabled(filter)
  local builtin = own.is_enabled(filter)
  local id, bufnr = (filter or {}).client_id, (filter or {}).bufnr
  bufnr = bufnr and resolved(bufnr)
  if id and is_ours(id) then
    return switch.is_on(bufnr)
  elseif id then
    return builtin
  end
  local is_there = not bufnr or #vim.lsp.get_clients({ bufnr = bufnr, name = NAME }) > 0
  return builtin or is_there and switch.is_on(bufnr)
end

---A suggestion as what get() gives to `on_accept`.
---@param taken codellama.Suggestion
---@return table item a vim.lsp.inline_completion.Item
local function as_item(taken)
  local first = #taken.before
  -- vim.range is not settled yet; an item may do without.
  local known, range = pcall(function()
    return vim.range.extmark(taken.bufnr, taken.row, first, taken.row, first + taken.replaced)
  end)
  return {
    client_id = taken.client_id,
    insert_text = taken.text,
    range = known and range or nil,
    command = taken.command,
  }
end

---What a person's `on_accept` makes of a suggestion: another text or command.
---@param on_accept? fun(item: table): table?
---@return (fun(taken: codellama.Suggestion): codellama.Suggestion?)?
local function change_by(on_accept)
  return on_accept
    and function(taken)
      local item = on_accept(as_item(taken))
      if item and type(item.insert_text) == 'table' then
        return vim.snippet.expand(item.insert_text.value)
      end
      local changed = item and { text = item.insert_text, command = item.command }
      return changed and vim.tbl_extend('force', taken, changed)
    end
end

---@param opts? vim.lsp.inline_completion.get.Opts
---@return boolean
local function get(opts)
  vim.validate('opts', opts, 'table', true)
  opts = opts or {}
  if inline.visible(resolved(opts.bufnr)) then
    return inline.accept('all', change_by(opts.on_accept))
  end
  return own.get(opts)
end

---@param opts? vim.lsp.inline_completion.select.Opts
local function select(opts)
  vim.validate('opts', opts, 'table', true)
  opts = opts or {}
  if inline.visible(resolved(opts.bufnr)) then
    inline.next(opts.count or vim.v.count1, opts.wrap)
  else
    own.select(opts)
  end
end

---Whoever switches it on, Neovim then asks every server that has suggestions. Ours is asked by the
---plugin alone.
---@param client vim.lsp.Client
local function keep_out(client)
  local request = client.request
  client.request = function(self, method, ...)
    if method == inline.METHOD and not inline.is_asking() then
      return false
    end
    return request(self, method, ...)
  end
end

---Does nothing in Neovim 0.11, and nothing to what a later one no longer has.
function M.start()
  local module = vim.lsp.inline_completion
  if not module or next(own) then
    return
  end
  local ours = { enable = enable, is_enabled = is_enabled, get = get, select = select }
  for name, replacement in pairs(ours) do
    if type(module[name]) == 'function' then
      own[name], module[name] = module[name], replacement
    end
  end
  local kept_out = {} ---@type table<integer, true> by the client's id
  vim.api.nvim_create_autocmd('LspAttach', {
    group = vim.api.nvim_create_augroup('codellama.builtin', {}),
    callback = function(event)
      local id = event.data.client_id
      if is_ours(id) and not kept_out[id] then
        kept_out[id] = true
        keep_out(assert(vim.lsp.get_client_by_id(id)))
      end
    end,
  })
end

return M
