(use_declaration) @import
(extern_crate_declaration) @import

(function_item body: (block) @body) @definition
(impl_item body: (declaration_list) @members) @definition
(trait_item body: (declaration_list) @members) @definition
(mod_item body: (declaration_list) @members) @definition
(struct_item body: (field_declaration_list) @members) @definition
(enum_item body: (enum_variant_list) @members) @definition
