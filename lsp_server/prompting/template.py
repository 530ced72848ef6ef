"""A model file's chat template, rendered in a process of its own.

The template is code from a stranger. Jinja's sandbox keeps it away from Python, but it may still
loop or grow without end, in one expression even (`9 ** (9 ** 9)`), where nothing inside this
process could stop it. So it runs in another one, with limits on time, memory and the text it may
write. That takes about a tenth of a second, so results are kept: they depend on little more than
the messages' roles.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lsp_server.errors import PromptFileError
from lsp_server.prompting.watched import TookTooMuch, run_watched

_SCRIPT = Path(__file__).with_name("template_process.py")
_SECONDS = 2  # of processor time; a chat template takes a hundredth of one
_WALL_SECONDS = 5  # where other work holds the processors up, or the system has no such limit
_MEMORY = 512 * 2**20
_SIZE = 2**20  # characters; the messages' own texts are put in later
_MOST_KEPT = 64


class ChatTemplate:
    """A Jinja template with the variables that chat templates know."""

    def __init__(self, source: str, model_name: str) -> None:
        self._source = source
        self._model_name = model_name
        self._kept: dict[str, str | PromptFileError] = {}
        self._stopped: PromptFileError | None = None

    def render(self, messages: Sequence[Mapping[str, str]], bos: str, eos: str) -> str:
        """Raises PromptFileError where the template fails, refuses the messages or has to be
        stopped; one that was stopped is not run again."""
        variables = {
            "messages": messages,
            "add_generation_prompt": True,
            "bos_token": bos,
            "eos_token": eos,
        }
        key = json.dumps(variables)
        if key not in self._kept:
            if self._stopped:
                raise self._stopped
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = self._run(variables)
        result = self._kept[key]
        if isinstance(result, PromptFileError):
            raise result
        return result

    def _run(self, variables: Mapping[str, Any]) -> str | PromptFileError:
        limits = {"seconds": _SECONDS, "memory": _MEMORY, "size": _SIZE}
        request = {"template": self._source, "variables": variables, **limits}
        try:
            command = [sys.executable, "-P", str(_SCRIPT)]
            ended = run_watched(command, json.dumps(request), _WALL_SECONDS, _MEMORY)
        except TookTooMuch:
            return self._stop("it took too much time or memory")
        except OSError as error:
            return self._failure(f"no process could be started to render it ({error})")
        if ended.returncode:
            return self._stop("it took too much time or memory")
        answer = json.loads(ended.stdout)
        return str(answer["text"]) if "text" in answer else self._failure(answer["error"])

    def _stop(self, why: str) -> PromptFileError:
        self._stopped = self._failure(f"{why} and was stopped")
        return self._stopped

    def _failure(self, why: str) -> PromptFileError:
        return PromptFileError(
            f"The chat template of {self._model_name} failed: {why}.",
            "Choose another instruct model in models.instruct.",
        )
