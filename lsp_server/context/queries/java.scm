(package_declaration) @import
(import_declaration) @import

(method_declaration body: (block) @body) @definition
(constructor_declaration body: (constructor_body) @body) @definition
(class_declaration body: (class_body) @members) @definition
(interface_declaration body: (interface_body) @members) @definition
(enum_declaration body: (enum_body) @members) @definition
(record_declaration body: (class_body) @members) @definition
