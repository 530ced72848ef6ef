(package_clause) @import
(import_declaration) @import

(function_declaration body: (block) @body) @definition
(method_declaration body: (block) @body) @definition
(func_literal body: (block) @body) @definition
(type_declaration (type_spec type: (struct_type (field_declaration_list) @members))) @definition
