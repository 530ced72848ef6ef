(php_tag) @import
(namespace_use_declaration) @import
(expression_statement [
  (require_expression) (require_once_expression) (include_expression) (include_once_expression)
]) @import
(program (namespace_definition !body) @import)

(function_definition body: (compound_statement) @body) @definition
(method_declaration body: (compound_statement) @body) @definition
(anonymous_function body: (compound_statement) @body) @definition
(class_declaration body: (declaration_list) @members) @definition
(interface_declaration body: (declaration_list) @members) @definition
(trait_declaration body: (declaration_list) @members) @definition
(enum_declaration body: (enum_declaration_list) @members) @definition
(namespace_definition body: (compound_statement) @members) @definition
