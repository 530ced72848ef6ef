(preproc_include) @import

(function_definition body: (compound_statement) @body) @definition
(struct_specifier body: (field_declaration_list) @members) @definition
(union_specifier body: (field_declaration_list) @members) @definition
(enum_specifier body: (enumerator_list) @members) @definition
(type_definition type: (struct_specifier body: (field_declaration_list) @members)) @definition
