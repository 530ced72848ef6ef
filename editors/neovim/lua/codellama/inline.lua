-- Suggestions while you type: when to ask, whose answer counts, and what keys do with it.
--
-- The same in Neovim 0.11 and 0.12. vim.lsp.inline_completion of 0.12 does not serve: it shows a
-- late answer over a newer text, keeps the old ghost when the answer is "nothing", waits 200 ms
-- whatever is set, and can't take a word or a line.

local config = require('codellama.config')
local ghost = require('codellama.ghost')
local suggestions = require('codellama.suggestion')

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local AUTOMATIC, INVOKED = 2, 1 -- lsp.InlineCompletionTriggerKind

---@class codellama.Asked
---@field place codellama.Place
---@field client vim.lsp.Client
---@field id? integer

local seen ---@type codellama.Place? where the cursor was last
local shown ---@type codellama.Suggestion?
local others = {} ---@type codellama.Suggestion[] all that the server offered, `shown` first
local asked ---@type codellama.Asked? the request that is under way
local timer = assert(vim.uv.new_timer())

local function clear()
  if shown then
    ghost.clear(shown.bufnr)
  end
  shown, others = nil, {}
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

---@param suggestion codellama.Suggestion
local function show(suggestion)
  shown = suggestion
  ghost.draw(suggestion)
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
  for _, item in ipairs(result and (result.items or result) or {}) do
    table.insert(others, suggestions.from_item(item, place, request.client))
  end
  if others[2] and others[1].text == before then
    table.insert(others, table.remove(others, 1)) -- asked for the next one
  end
  if others[1] then
    show(others[1])
  end
end

---@param kind integer
local function ask(kind)
  cancel()
  local place = suggestions.place()
  local client = vim.lsp.get_clients({ bufnr = place.bufnr, name = 'codellama' })[1]
  if not client or not client.server_capabilities.inlineCompletionProvider then
    return
  end
  local request = { place = place, client = client }
  asked = request
  -- The buffer's own number and not 0, or Neovim does not send pending changes first.
  local sent, id = client:request(METHOD, {
    textDocument = { uri = vim.uri_from_bufnr(place.bufnr) },
    position = suggestions.position(place, client.offset_encoding),
    context = { triggerKind = kind },
  }, function(_, result)
    on_reply(request, result)
  end, place.bufnr)
  request.id = id
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
  local rest = shown and not menu_is_open() and suggestions.typed_through(shown, place)
  if rest then
    others = vim
      .iter(others)
      :map(function(other)
        return suggestions.typed_through(other, place)
      end)
      :totable()
    show(rest)
    return
  end
  clear()
  cancel()
  local only_moved = before and before.bufnr == place.bufnr and before.tick == place.tick
  if config.current.automatic and not only_moved then
    ask_after_a_pause()
  end
end

local function on_leave()
  seen = nil
  clear()
  cancel()
end

---@return boolean
function M.visible()
  return shown ~= nil
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

---Takes the suggestion or its beginning. May be called where the text is locked, as in an <expr>
---mapping: it writes a moment later.
---@param part 'all'|'word'|'line'
---@return boolean whether there was one
function M.accept(part)
  local taken = shown
  if not taken then
    return false
  end
  vim.schedule(function()
    if taken ~= shown or not suggestions.typed_through(taken, suggestions.place()) then
      return
    end
    local text = suggestions.beginning(taken, part)
    clear()
    cancel()
    local rest = suggestions.write(taken, text)
    tell_accepted(taken, rest and part)
    seen = suggestions.place()
    if rest then
      show(rest)
      others = { rest }
    elseif config.current.automatic then
      ask_after_a_pause()
    end
  end)
  return true
end

---Shows the next of several suggestions. While one types, the server gives one; asked, several.
---@return boolean whether there was one
function M.next()
  if not shown then
    return false
  elseif #others < 2 then
    ask(INVOKED)
    return true
  end
  table.insert(others, table.remove(others, 1))
  show(others[1])
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
