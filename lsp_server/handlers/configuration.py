"""initialize's options and workspace/didChangeConfiguration: settings from the editor, live."""

from collections.abc import Mapping
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_server.config import Config
from lsp_server.config_sources import Source, merge
from lsp_server.errors import ConfigError
from lsp_server.handlers.lifecycle import start_loading
from lsp_server.handlers.messages import show_error
from lsp_server.log import set_level
from lsp_server.session import Session

# Some editors send all settings of the user, ours under this key.
_SECTION = "codellama"


def register(
    server: LanguageServer, session: Session, user: Source, complaints: list[ConfigError]
) -> None:
    """`user` are the settings of the user's file. What is wrong with the editor's options is added
    to `complaints`, which are shown once the editor is ready for messages."""
    settings = EditorSettings(session, user)

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        session.client_name = params.client_info.name if params.client_info else ""
        session.locale = params.locale or ""
        try:
            settings.set_options(params.initialization_options)
        except ConfigError as error:
            complaints.append(error)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        before = session.config
        try:
            settings.set_changed(params.settings)
        except ConfigError as error:
            show_error(server, error)
            return
        after = session.config
        session.status.changed()
        if before.log_level != after.log_level:
            session.set_log_level(after.log_level)
        if _loaded_with(before) != _loaded_with(after):
            start_loading(server, session)


class EditorSettings:
    """The editor's settings over the user's file. A bad one changes nothing."""

    def __init__(self, session: Session, user: Source) -> None:
        self._session = session
        self._user = user

    def set_options(self, values: Any) -> None:
        """Raises ConfigError."""
        self._set(Source("the editor's initializationOptions", _section(values)))

    def set_changed(self, values: Any) -> None:
        """What the editor sends later replaces all that it sent before: a setting that was taken
        out falls back to the user's file. Raises ConfigError."""
        if values is not None:
            self._set(Source("the editor's settings", _section(values)))

    def _set(self, editor: Source) -> None:
        self._session.config = merge(self._user, editor)
        set_level(self._session.config.log_level)


def _loaded_with(config: Config) -> tuple[object, ...]:
    """The settings that need the models to be loaded again when they change."""
    return config.models, config.engine, config.infill.family


def _section(values: Any) -> Any:
    if values is None:
        return {}
    if isinstance(values, Mapping) and isinstance(values.get(_SECTION), Mapping):
        return values[_SECTION]
    return values
