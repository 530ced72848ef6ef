(program (call method: (identifier) @require) @import
  (#any-of? @require "require" "require_relative" "load"))

(method body: (body_statement) @body) @definition
(singleton_method body: (body_statement) @body) @definition
(do_block body: (body_statement) @body) @definition
(class body: (body_statement) @members) @definition
(module body: (body_statement) @members) @definition
