"""window/showMessage: errors for the person, once."""

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_server.errors import CodeLlamaError


def show_error(server: LanguageServer, error: CodeLlamaError) -> None:
    """Show what happened and what to do."""
    _show(server, types.MessageType.Error, str(error))


def show_info(server: LanguageServer, text: str) -> None:
    _show(server, types.MessageType.Info, text)


def _show(server: LanguageServer, kind: types.MessageType, text: str) -> None:
    server.window_show_message(types.ShowMessageParams(type=kind, message=f"codellama-lsp: {text}"))
