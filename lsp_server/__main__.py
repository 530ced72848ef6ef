"""`python -m lsp_server` is `codellama-lsp`."""

from lsp_server.cli import main

if __name__ == "__main__":
    main()
