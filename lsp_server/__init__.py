"""codellama-lsp: local code completion and code actions behind the Language Server Protocol."""

__version__ = "0.1.0"
