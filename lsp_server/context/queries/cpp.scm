; inherits: c
(using_declaration) @import

(class_specifier body: (field_declaration_list) @members) @definition
(namespace_definition body: (declaration_list) @members) @definition
(lambda_expression body: (compound_statement) @body) @definition
(template_declaration (function_definition body: (compound_statement) @body)) @definition
(template_declaration (class_specifier body: (field_declaration_list) @members)) @definition
(template_declaration (struct_specifier body: (field_declaration_list) @members)) @definition
