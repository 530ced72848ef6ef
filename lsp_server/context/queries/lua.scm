(chunk (variable_declaration
  (assignment_statement
    (expression_list value: (function_call name: (identifier) @require)))) @import
  (#eq? @require "require"))
(chunk (function_call name: (identifier) @require) @import (#eq? @require "require"))

(function_declaration body: (block) @body) @definition
(function_definition body: (block) @body) @definition
