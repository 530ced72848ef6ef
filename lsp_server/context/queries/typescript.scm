; inherits: javascript
(interface_declaration body: (interface_body) @members) @definition
(enum_declaration body: (enum_body) @members) @definition
(abstract_class_declaration body: (class_body) @members) @definition
(internal_module body: (statement_block) @members) @definition
(module body: (statement_block) @members) @definition
(export_statement declaration: (interface_declaration body: (interface_body) @members)) @definition
(export_statement declaration: (abstract_class_declaration body: (class_body) @members)) @definition
