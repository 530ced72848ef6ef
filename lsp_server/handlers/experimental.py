"""What a client says that it can do beyond the protocol: `experimental: {codellama: {...}}`."""

from collections.abc import Mapping
from typing import Any

from lsprotocol import types


def declares(capabilities: types.ClientCapabilities, feature: str) -> bool:
    """Whether the client takes one of our own notifications, such as `pages`."""
    ours = member(capabilities.experimental, "codellama")
    return bool(member(ours, feature))


def member(value: Any, name: str) -> Any:
    """A member of something without a type that the client sent: a mapping, or pygls' object."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
