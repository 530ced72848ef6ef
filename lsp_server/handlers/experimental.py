"""What a client says that it can do beyond the protocol: `experimental: {codellama: {...}}`."""

from collections.abc import Mapping
from typing import Any

from lsprotocol import types


def declares(capabilities: types.ClientCapabilities, feature: str) -> bool:
    """Whether the client takes one of our own notifications, such as `pages`."""
    ours = _member(capabilities.experimental, "codellama")
    return bool(_member(ours, feature))


def _member(value: Any, name: str) -> Any:
    """A member of what the client sent, which has no type: a mapping, or pygls' object for one."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
