(import_statement) @import
(export_statement source: (string)) @import
(program (lexical_declaration
  (variable_declarator value: (call_expression function: (identifier) @require)))
  @import (#eq? @require "require"))

(function_declaration body: (statement_block) @body) @definition
(generator_function_declaration body: (statement_block) @body) @definition
(method_definition body: (statement_block) @body) @definition
(arrow_function body: (statement_block) @body) @definition
(function_expression body: (statement_block) @body) @definition
(class_declaration body: (class_body) @members) @definition
(class body: (class_body) @members) @definition
(export_statement declaration: (function_declaration body: (statement_block) @body)) @definition
(export_statement declaration: (class_declaration body: (class_body) @members)) @definition
