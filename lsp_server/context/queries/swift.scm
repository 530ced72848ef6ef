(import_declaration) @import

(function_declaration body: (function_body) @body) @definition
(init_declaration body: (function_body) @body) @definition
(deinit_declaration body: (function_body) @body) @definition
(class_declaration body: (class_body) @members) @definition
(class_declaration body: (enum_class_body) @members) @definition
(protocol_declaration body: (protocol_body) @members) @definition
