(charset_statement) @import
(import_statement) @import
