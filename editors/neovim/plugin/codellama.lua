-- What is there before setup{}: the command and the <Plug> maps. Nothing is loaded until used.

if vim.g.loaded_codellama then
  return
end
vim.g.loaded_codellama = true

vim.api.nvim_create_user_command('CodeLlama', function(command)
  require('codellama.commands').run(command)
end, {
  nargs = '+',
  range = true,
  desc = 'Code Llama: explain, generate, fix, toggle, status, log, start, stop',
  complete = function(lead, line)
    return require('codellama.commands').complete(lead, line)
  end,
})

for _, action in ipairs({ 'accept', 'accept_word', 'accept_line', 'next', 'dismiss', 'trigger' }) do
  vim.keymap.set('i', ('<Plug>(codellama-%s)'):format(action:gsub('_', '-')), function()
    require('codellama')[action]()
  end, { desc = 'Code Llama: ' .. action:gsub('_', ' ') })
end
