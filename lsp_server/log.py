"""What goes to standard error, and at which level."""

import logging
import sys

# pygls logs every message it sends, the user's code with it, at INFO.
_QUIET = ("pygls", "httpx", "httpcore", "asyncio")
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def start_logging(level: str) -> None:
    """Write the log to standard error, which editors keep in a log of their own."""
    logging.basicConfig(stream=sys.stderr, format=_FORMAT)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    set_level(level)


def set_level(level: str) -> None:
    """Change the level of everything that is ours, at once."""
    logging.getLogger("lsp_server").setLevel(level.upper())
