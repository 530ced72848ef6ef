"""A server's key: from the environment, else from the keyring of the user's system.

It is in no settings file and no log, and goes to the server of `engine.url` alone.
"""

import os
from dataclasses import dataclass, field

from lsp_server.errors import EngineError

VARIABLE = "CODELLAMA_API_KEY"
_SERVICE = "codellama-lsp"


@dataclass(frozen=True)
class Key:
    """A key and where it was found."""

    value: str = field(repr=False)
    origin: str


def find_key(url: str) -> Key | None:
    """The key for the server of a url, None where there is none.

    A keyring that can't be had counts as empty. It may ask the user to open it, so this can take
    long.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return Key(given, VARIABLE)
    import keyring
    from keyring.errors import KeyringError

    try:
        stored = keyring.get_password(_SERVICE, url)
    except (KeyringError, RuntimeError, OSError):
        return None
    return Key(stored, "keyring") if stored else None


def store_key(url: str, value: str) -> None:
    """Raises EngineError where there is no keyring."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_SERVICE, url, value)
    except (KeyringError, RuntimeError, OSError) as error:
        raise _no_keyring(error) from error


def remove_key(url: str) -> bool:
    """Whether there was one. Raises EngineError where there is no keyring."""
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError

    try:
        keyring.delete_password(_SERVICE, url)
    except PasswordDeleteError:
        return False
    except (KeyringError, RuntimeError, OSError) as error:
        raise _no_keyring(error) from error
    return True


def _no_keyring(error: Exception) -> EngineError:
    return EngineError(
        f"This system's keyring can't be used ({type(error).__name__}).",
        f"Set the environment variable {VARIABLE} instead, where your editor starts.",
    )
