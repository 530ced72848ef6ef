"""The engine on a port of this machine, for systems where a file can't say who may connect.

Any user of the machine can connect to a port, and browsers send what web pages ask them to. So the
engine takes requests only with a random token, which lies with its port in a file that only its
user can read.

A dead engine's port may be taken by anybody, while its file still names it. So before a client of
ours sends anything, the engine has to prove that it knows the token too: the client sends a random
challenge, and the answer, refused as any other without the token, carries its keyed digest.
"""

import hmac
import json
import secrets
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HOST = "127.0.0.1"
CHALLENGE = "codellama-challenge"
PROOF = "codellama-proof"

# Windows refuses to replace a file while a client has it open, which takes a client microseconds.
_PAUSES = (0.01, 0.05, 0.2, 0.5)


@dataclass(frozen=True)
class Place:
    """Where an engine listens on loopback, and the token that it asks for."""

    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def new_token() -> str:
    """A token that can't be guessed."""
    return secrets.token_urlsafe(32)


def new_challenge() -> str:
    """What an engine is to prove its knowledge of the token on; never the same twice."""
    return secrets.token_hex(16)


def proof_of(token: str, challenge: str) -> str:
    """What only someone who knows the token can say to the challenge: HMAC-SHA256, as hex."""
    return hmac.new(token.encode(), challenge.encode(), "sha256").hexdigest()


def write_place(path: Path, place: Place) -> None:
    """Write the file whole or not at all, readable by the user alone."""
    # mkstemp makes it with mode 0600, and never follows what lies there already.
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f"{path.name}.", delete=False, encoding="utf-8"
    ) as file:
        json.dump(asdict(place), file)
    try:
        _replace(Path(file.name), path)
    except OSError:
        Path(file.name).unlink(missing_ok=True)
        raise


def read_place(path: Path) -> Place | None:
    """What the file says; None where there is none, or nothing that an engine wrote."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Place(int(said["port"]), str(said["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _replace(new: Path, old: Path) -> None:
    for pause in _PAUSES:
        try:
            new.replace(old)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    new.replace(old)
