(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import
(module (if_statement consequence: (block (import_from_statement))) @import)
(module (try_statement body: (block [(import_statement) (import_from_statement)])) @import)

(function_definition body: (block) @body) @definition
(class_definition body: (block) @members) @definition
(decorated_definition
  definition: (function_definition body: (block) @body)) @definition
(decorated_definition
  definition: (class_definition body: (block) @members)) @definition

(function_definition body: (block . (expression_statement . (string) @docstring)))
(class_definition body: (block . (expression_statement . (string) @docstring)))
