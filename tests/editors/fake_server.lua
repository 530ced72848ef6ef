-- A language server inside Neovim: the test chooses what it answers and when.
-- luacheck: globals server

server = {}

---As at first.
function server.reset()
  server.items = {} -- what the next requests are answered with; nil for null
  server.hold = false -- keep answers back until release()
  server.held = {}
  server.requests = {} -- the params of textDocument/inlineCompletion
  server.cancelled = 0
  server.cursors = {} -- the params of codellama/cursor
  server.copied = {} -- and of codellama/copied
  server.commands = {} -- the params of workspace/executeCommand
end

server.reset()

---Answers the request that was held as number `index`, at once.
function server.release(index)
  local callback, items = unpack(server.held[index])
  callback(nil, items and { items = items })
end

---An item that writes the text at the cursor, and takes away as many units right of it.
function server.item(row, column, text, replaced)
  return {
    insertText = text,
    range = {
      start = { line = row, character = column },
      ['end'] = { line = row, character = column + (replaced or 0) },
    },
  }
end

local function complete(params, callback)
  table.insert(server.requests, params)
  table.insert(server.held, { callback, vim.deepcopy(server.items) })
  local index = #server.held
  if not server.hold then
    vim.schedule(function()
      server.release(index)
    end)
  end
end

vim.lsp.config('codellama', {
  cmd = function(dispatchers)
    local closing, id = false, 0
    local function close()
      closing = true
      dispatchers.on_exit(0, 0)
    end
    return {
      request = function(method, params, callback)
        id = id + 1
        if method == 'initialize' then
          local capabilities = {
            inlineCompletionProvider = true,
            textDocumentSync = 2,
            executeCommandProvider = { commands = { 'codellama.accepted' } },
          }
          callback(nil, { capabilities = capabilities })
        elseif method == 'textDocument/inlineCompletion' then
          complete(params, callback)
        else
          if method == 'workspace/executeCommand' then
            table.insert(server.commands, params)
          end
          callback(nil, vim.NIL)
        end
        return true, id
      end,
      notify = function(method, params)
        if method == '$/cancelRequest' then
          server.cancelled = server.cancelled + 1
        elseif method == 'codellama/cursor' then
          table.insert(server.cursors, params)
        elseif method == 'codellama/copied' then
          table.insert(server.copied, params)
        elseif method == 'exit' then
          close()
        end
        return true
      end,
      is_closing = function()
        return closing
      end,
      terminate = close,
    }
  end,
})
