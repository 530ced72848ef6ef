(using_directive) @import
(file_scoped_namespace_declaration) @import

(method_declaration body: (block) @body) @definition
(constructor_declaration body: (block) @body) @definition
(local_function_statement body: (block) @body) @definition
(class_declaration body: (declaration_list) @members) @definition
(struct_declaration body: (declaration_list) @members) @definition
(record_declaration body: (declaration_list) @members) @definition
(interface_declaration body: (declaration_list) @members) @definition
(enum_declaration body: (enum_member_declaration_list) @members) @definition
(namespace_declaration body: (declaration_list) @members) @definition
