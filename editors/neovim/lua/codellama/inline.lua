-- Suggestions while you type: when to ask, whose answer counts, and what keys do with it.
--
-- The same in Neovim 0.11 and 0.12. How vim.lsp.inline_completion of 0.12 asks and draws does not
-- serve: it shows late answers over newer text, keeps the old ghost when the answer is "nothing",
-- waits 200 ms whatever is set, and takes all or nothing. What it is called by does: builtin.lua.

local config = require('codellama.config')
local ghost = require('codellama.ghost')
local suggestions = require('codellama.suggestion')
local switch = require('codellama.switch')

local M = {}

M.METHOD = 'textDocument/inlineCompletion'
local AUTOMATIC, INVOKED = 2, 1 -- lsp.InlineCompletionTriggerKind

---@class codellama.Asked
---@field place codellama.Place
---@field client vim.lsp.Client
---@field id? integer
---@field move? integer which one is then shown, from the one that is shown now

local seen ---@type codellama.Place? where the cursor was last
local shown ---@type codellama.Suggestion?
local offered = {} ---@type codellama.Suggestion[] all that the server gave
local index = 1 -- of `shown` among them
local asked ---@type codellama.Asked? the request that is under way
local sending = false
local timer = assert(vim.uv.new_timer())

local function clear()
  if shown then
    ghost.clear(shown.bufnr)
  end
  shown, offered = nil, {}
end

local function cancel()
  timer:stop()
  if asked then
    if asked.id then
      asked.client:cancel_request(asked.id)
    end
    asked = nil
  end
end

---@param all codellama.Suggestion[]
---@param at integer
local function show(all, at)
  offered, index, shown = all, at, all[at]
  ghost.draw(shown)
end

---@param move integer
---@param wrap? boolean from the last to the first, unless it is false
local function show_another(move, wrap)
  local at = index + move
  local wrapped = (at - 1) % #offered + 1
  show(offered, wrap == false and math.max(1, math.min(at, #offered)) or wrapped)
end

local function typing()
  return vim.startswith(vim.api.nvim_get_mode().mode, 'i')
end

local function menu_is_open()
  return config.current.hide_with_menu and vim.fn.pumvisible() == 1
end

---@param request codellama.Asked
---@param result? lsp.InlineCompletionList|lsp.InlineCompletionItem[]
local function on_reply(request, result)
  if asked ~= request then
    return -- superseded, whatever the order in which answers come
  end
  asked = nil
  local place = request.place
  if not typing() or menu_is_open() or not suggestions.same_place(place, suggestions.place()) then
    return
  end
  local before = shown and shown.text
  clear()
  local all = {}
  for _, item in ipairs(result and (result.items or result) or {}) do
    table.insert(all, suggestions.from_item(item, place, request.client))
  end
  if not all[1] then
    return
  end
  show(all, 1)
  if request.move and shown.text == before then
    show_another(request.move)
  end
end

---@param kind integer
---@param move? integer
local function ask(kind, move)
  cancel()
  local place = suggestions.place()
  local client = vim.lsp.get_clients({ bufnr = place.bufnr, name = 'codellama' })[1]
  if not client or not client.server_capabilities.inlineCompletionProvider then
    return
  end
  local request = { place = place, client = client, move = move }
  asked, sending = request, true
  -- The buffer's own number and not 0, or Neovim does not send pending changes first.
  local sent, id = client:request(M.METHOD, {
    textDocument = { uri = vim.uri_from_bufnr(place.bufnr) },
    position = suggestions.position(place, client.offset_encoding),
    context = { triggerKind = kind },
  }, function(_, result)
    on_reply(request, result)
  end, place.bufnr)
  request.id, sending = id, false
  asked = sent and request or nil
end

local function ask_after_a_pause()
  timer:start(
    config.current.debounce_ms,
    0,
    vim.schedule_wrap(function()
      if typing() and not menu_is_open() then
        ask(AUTOMATIC)
      end
    end)
  )
end

local function on_change()
  local place, before = suggestions.place(), seen
  if before and suggestions.same_place(before, place) and not menu_is_open() then
    return
  end
  seen = place
  if shown and not menu_is_open() and suggestions.typed_through(shown, place) then
    return show(suggestions.all_typed_through(offered, index, place))
  end
  clear()
  cancel()
  local only_moved = before and before.bufnr == place.bufnr and before.tick == place.tick
  if switch.is_on(place.bufnr) and not only_moved then
    ask_after_a_pause()
  end
end

local function on_leave()
  seen = nil
  clear()
  cancel()
end

---@param bufnr? integer
---@return boolean
function M.visible(bufnr)
  return shown ~= nil and (not bufnr or shown.bufnr == bufnr)
end

---Whether it is the plugin that sends a request now.
---@return boolean
function M.is_asking()
  return sending
end

---After the switch was used.
function M.refresh()
  local bufnr = vim.api.nvim_get_current_buf()
  if not switch.is_on(bufnr) then
    clear()
    cancel()
  elseif typing() and not shown then
    ask_after_a_pause()
  end
end

---The item's command, which the protocol has for after it was accepted. The server's own one can be
---told more: that it was a part.
---@param taken codellama.Suggestion
---@param part? string nil where all of it was taken
local function tell_accepted(taken, part)
  local command, client = taken.command, vim.lsp.get_client_by_id(taken.client_id)
  if not command or not client or (part and command.command ~= 'codellama.accepted') then
    return
  end
  local arguments = vim.list_extend({}, command.arguments or {})
  table.insert(arguments, part)
  local whole = vim.tbl_extend('force', command, { arguments = arguments })
  client:exec_cmd(whole, { bufnr = taken.bufnr }, function() end)
end

---@param taken codellama.Suggestion
---@param text string its beginning, or all of it
---@param part string
local function write(taken, text, part)
  local rest = suggestions.write(taken, text)
  tell_accepted(taken, rest and part)
  seen = suggestions.place()
  if rest then
    show({ rest }, 1)
  elseif switch.is_on(taken.bufnr) then
    ask_after_a_pause()
  end
end

---Takes the suggestion or its beginning. May be called where the text is locked, as in an <expr>
---mapping: it writes a moment later.
---@param part 'all'|'word'|'line'
---@param change? fun(taken: codellama.Suggestion): codellama.Suggestion? nil for nothing to write
---@return boolean whether there was one
function M.accept(part, change)
  local taken = shown
  if not taken then
    return false
  end
  vim.schedule(function()
    if taken ~= shown or not suggestions.typed_through(taken, suggestions.place()) then
      return
    end
    clear()
    cancel()
    local changed = taken
    if change then
      changed = change(taken)
    end
    if changed then
      local text = suggestions.beginning(changed, part)
      -- Of one that was only shortened the rest stays.
      local whole = vim.startswith(taken.text, text) and taken.text or text
      write(vim.tbl_extend('force', changed, { text = whole }), text, part)
    end
  end)
  return true
end

---Shows the next of several suggestions. While one types, the server gives one; asked, several.
---@param move? integer how many further, or back; 1
---@param wrap? boolean from the last to the first, unless it is false
---@return boolean whether there was one
function M.next(move, wrap)
  if not shown then
    return false
  elseif #offered < 2 then
    ask(INVOKED, move or 1)
  else
    show_another(move or 1, wrap)
  end
  return true
end

---@return boolean whether there was one
function M.dismiss()
  local was_visible = M.visible()
  clear()
  cancel()
  return was_visible
end

function M.trigger()
  clear()
  seen = suggestions.place()
  ask(INVOKED)
end

function M.start()
  ghost.define_highlight()
  local group = vim.api.nvim_create_augroup('codellama.inline', {})
  local function on(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, callback = callback })
  end
  on({ 'InsertEnter' }, function()
    seen = nil
    -- In InsertEnter of `A` and `o` the cursor has not moved yet.
    vim.schedule(function()
      if typing() then
        on_change()
      end
    end)
  end)
  on({ 'TextChangedI', 'TextChangedP', 'CursorMovedI', 'CompleteChanged' }, on_change)
  on({ 'InsertLeave', 'BufLeave' }, on_leave)
  on({ 'ColorScheme' }, ghost.define_highlight)
end

return M
