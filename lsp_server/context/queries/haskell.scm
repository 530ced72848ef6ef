(header) @import
(import) @import

(function match: (match expression: (_) @body)) @definition
(bind match: (match expression: (_) @body)) @definition
(class declarations: (class_declarations) @members) @definition
(instance declarations: (instance_declarations) @members) @definition
