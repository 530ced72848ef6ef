(program (command name: (command_name (word) @source)) @import
  (#any-of? @source "source" "."))

(function_definition body: (compound_statement) @body) @definition
