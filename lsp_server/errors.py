"""The errors a person can meet, as one tree.

    CodeLlamaError
    ├── ConfigError            a setting or a settings file is wrong
    ├── PromptFileError        a file under prompts/ (or the user's own) is wrong
    ├── ModelError             something about model files
    │   ├── UnknownModel       a name that is neither in the catalogue nor a file
    │   ├── ModelMissing       in the catalogue, but not on this machine
    │   ├── DownloadError      it could not be fetched (network, digest, disk)
    │   ├── ModelLoadError     llama.cpp refused the file
    │   ├── NotEnoughMemory    it would not fit
    │   └── NotCapable         the model can't do what was asked (infill, instruct)
    └── EngineError            while generating
        ├── EngineClosed       the engine was shut down
        ├── EngineGone         it went away, or never came
        ├── EngineRefused      a server that answered, but not with what was asked for
        └── PromptTooLong      the prompt does not fit n_ctx
    └── AnswerError            a model's answer that can't become what was asked

Every error says what happened and, in `hint`, what to do about it.
"""


class CodeLlamaError(Exception):
    """An error for the person who sees it: `message` says what happened, `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class ConfigError(CodeLlamaError):
    """A setting or a settings file is wrong; the message names the key, the file and the line."""


class PromptFileError(CodeLlamaError):
    """A prompt file is wrong; the message names the file and the line."""


class ModelError(CodeLlamaError):
    """Something about model files."""


class UnknownModel(ModelError):
    """A name that is neither in the catalogue nor a file."""


class ModelMissing(ModelError):
    """A catalogue model that is not on this machine yet."""


class DownloadError(ModelError):
    """A model could not be fetched: network, digest or disk."""


class ModelLoadError(ModelError):
    """llama.cpp refused the file."""


class NotEnoughMemory(ModelError):
    """The model would not fit in this machine's memory."""


class NotCapable(ModelError):
    """The model can't do what was asked of it (infill, instruct)."""


class EngineError(CodeLlamaError):
    """Something went wrong while generating."""


class EngineClosed(EngineError):
    """The engine was shut down while the request waited."""


class EngineGone(EngineError):
    """The engine went away, or never came: its process died, or its server can't be reached."""


class EngineRefused(EngineError):
    """A server that answered, but not with what was asked for. `status` is HTTP's, 0 where it
    answered what is no answer; `retry_after` the seconds that it asks to wait, 0 where it doesn't.
    """

    def __init__(
        self, message: str, hint: str = "", status: int = 0, retry_after: float = 0.0
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.retry_after = retry_after


class PromptTooLong(EngineError):
    """The prompt does not fit n_ctx less what may be generated."""


class AnswerError(CodeLlamaError):
    """A model's answer that can't become what was asked, with the reason."""


def error_named(name: str) -> type[CodeLlamaError] | None:
    """The class of this tree with a name, for errors that come over a wire."""
    classes = [CodeLlamaError]
    for found in classes:
        if found.__name__ == name:
            return found
        classes += found.__subclasses__()
    return None
