(package_clause !body) @import
(import_declaration) @import

(function_definition body: (block) @body) @definition
(class_definition body: (template_body) @members) @definition
(object_definition body: (template_body) @members) @definition
(trait_definition body: (template_body) @members) @definition
(enum_definition body: (enum_body) @members) @definition
