(package_header) @import
(import) @import

(function_declaration (function_body (block) @body)) @definition
(secondary_constructor (block) @body) @definition
(class_declaration (class_body) @members) @definition
(class_declaration (enum_class_body) @members) @definition
(object_declaration (class_body) @members) @definition
(companion_object (class_body) @members) @definition
