"""Every setting, once: name, type, default, bounds and why.

`config.example.yaml` and the editors' settings are made from these classes, and a test fails where
they differ. Reading and merging the sources is `config_sources.py`.
"""

from typing import Any, Literal

import attrs
from attrs import validators

_SECRETS = (
    *(".env", ".env.*", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".ssh/", ".gnupg/", ".aws/", ".kube/"),
    *(".netrc", ".pgpass", ".npmrc", ".pypirc", ".htpasswd", ".git-credentials", "*.tfvars"),
    *("credentials", "credentials.json", "credentials.y*ml", "secrets.json", "secrets.y*ml"),
    *("secrets.toml", "*.secret", "service-account*.json"),
)

LogLevel = Literal["debug", "info", "warning", "error"]

EXAMPLE_SYSTEM = "You are a helpful coding assistant. Answer in a concise way."


def _setting(default: Any, why: str, *checks: Any) -> Any:
    """A field with its default, its one line of why, and its checks."""
    factory = attrs.Factory(default) if callable(default) else default
    return attrs.field(default=factory, metadata={"why": why}, validator=list(checks) or None)


def _own(default: Any, why: str) -> Any:
    """A field that only the user's own file may set: an editor may send what a workspace says."""
    return attrs.field(default=default, metadata={"why": why, "own": True})


def _section(cls: type, why: str) -> Any:
    return attrs.field(factory=cls, metadata={"why": why})


def _at_least(low: float) -> Any:
    return validators.ge(low)


def _between(low: float, high: float) -> Any:
    return validators.and_(validators.ge(low), validators.le(high))


@attrs.frozen
class Models:
    infill: str = _setting(
        "qwen2.5-coder-0.5b",
        "Completes while you type: a catalogue name (codellama-lsp models list) or a GGUF file. "
        "On a GPU with 10 GB: codellama-7b; with 16 GB: codellama-13b (more: docs/models.md).",
    )
    instruct: str = _setting(
        "qwen2.5-coder-0.5b",
        "Explains, generates and fixes. The same name as infill is loaded once. "
        "On a GPU: codellama-7b-instruct or codellama-13b-instruct.",
    )


@attrs.frozen
class Infill:
    """Overrides of what a model's family file measured best (prompts/infill/*.yaml)."""

    family: str = _setting(
        "auto",
        "The infill format: auto reads it off the model file; else a file of prompts/infill, such "
        "as code-llama or qwen2.5-coder. plain is for models that can't infill.",
    )
    order: Literal["auto", "psm", "spm"] = _setting(
        "auto", "Prefix first (psm) or suffix first (spm); auto is what measured best."
    )
    healing: Literal["auto", "on", "off"] = _setting(
        "auto", "Token healing where the cursor is inside a word; auto is what measured best."
    )


Kind = Literal[
    "shared",
    "in-process",
    "llama-server",
    "vllm",
    "ollama",
    "lm-studio",
    "text-generation-webui",
    "openai",
]


@attrs.frozen
class EngineSettings:
    kind: Kind = _setting(
        "shared",
        "Where the models run: shared is one resident process for all your editor windows; "
        "in-process is inside each language server; the others are servers that you run elsewhere "
        "(docs/scaling.md), openai any that speaks OpenAI's HTTP.",
    )
    url: str = _own(
        "",
        "Where such a server is, such as https://gpu.example.org:8080; empty for its usual port on "
        "this machine. Your code is sent there, so only this file can set it, no editor. Its key, "
        "if it wants one: `codellama-lsp engine key`, or CODELLAMA_API_KEY.",
    )
    timeout: int = _setting(
        60, "Seconds without a word after which such a server is given up.", _at_least(1)
    )
    transport: Literal["auto", "socket", "loopback"] = _setting(
        "auto",
        "How servers reach the shared engine: a unix socket, or a port of this machine with a "
        "token that only you can read; auto is a socket where there can be one, not on Windows.",
    )
    keep_alive: int = _setting(
        300, "Seconds that the shared engine stays after its last window has closed.", _at_least(0)
    )
    n_gpu_layers: int | Literal["auto"] = _setting(
        "auto",
        "Layers kept on the GPU: auto for as many as fit into its free memory, -1 for all, 0 for "
        "none. Ignored without a GPU.",
        validators.or_(validators.in_(["auto"]), _at_least(-1)),
    )
    n_ctx: int = _setting(
        4096,
        "Tokens of prompt and answer together. Memory grows with it. Of a server elsewhere never "
        "more is used than it has.",
        _at_least(256),
    )
    kv_cache: Literal["f16", "q8_0"] = _setting(
        "f16",
        "How the KV cache is kept; q8_0 takes half the memory and may change an answer a little.",
    )
    n_batch: int = _setting(
        512, "Tokens handed to llama.cpp at a time while it reads the prompt.", _at_least(1)
    )
    n_ubatch: int = _setting(
        128,
        "Tokens computed at a time; a cancelled request stops within one, so keep it small.",
        _at_least(1),
    )
    move_cached: bool = _setting(
        False,
        "When the cursor moves, use again what was read of the code around it, at its new place: "
        "less to read, and nearly the same answers.",
    )
    n_threads: int = _setting(0, "CPU threads; 0 for the number of physical cores.", _at_least(0))

    @property
    def elsewhere(self) -> bool:
        """Whether the models run in a server that is not ours."""
        return self.kind not in ("shared", "in-process")


@attrs.frozen
class Sampling:
    """How the next token is chosen. The defaults make answers repeat."""

    temperature: float = _setting(
        0.01, "Near 0 the same question gets the same answer.", _between(0, 2)
    )
    top_k: int = _setting(40, "Only the k likeliest tokens; 0 for all.", _at_least(0))
    top_p: float = _setting(
        0.95, "Only the likeliest tokens that make up this probability.", _between(0, 1)
    )
    min_p: float = _setting(
        0.05, "Only tokens at least this likely, relative to the likeliest.", _between(0, 1)
    )
    repeat_penalty: float = _setting(
        1.0, "1 is none; code repeats itself for good reason.", _between(0.1, 2)
    )
    seed: int = _setting(0, "Fixed, so that answers repeat even at a higher temperature.")


@attrs.frozen
class Completion:
    enabled: bool = _setting(True, "Complete while you type.")
    max_tokens: int = _setting(128, "The longest completion, in tokens.", _between(1, 4096))
    context_tokens: int = _setting(
        0,
        "How much code around the cursor the model is shown, in tokens; 0 for what the machine "
        "reads fast enough: all of n_ctx on a GPU, 1024 on a CPU.",
        _at_least(0),
    )
    look_ahead: bool = _setting(
        True,
        "While a suggestion is shown, fetch what would come after accepting it. Off saves energy.",
    )
    quick_first: bool = _setting(
        True,
        "On a CPU, suggest from the nearest code while the rest of what is shown is still unread; "
        "off waits for all of it.",
    )
    debounce: Literal["auto", "off"] = _setting(
        "auto",
        "Wait for a pause in typing where suggestions come slower than keys; never for editors "
        "that wait themselves.",
    )
    alternatives: int = _setting(
        3,
        "How many different suggestions there are at most where they are asked for by a command of "
        "the editor; typing gets one.",
        _between(1, 3),
    )
    items: Literal["auto", "on", "off"] = _setting(
        "auto",
        "Also answer textDocument/completion (the pop-up menu): auto does for editors that have no "
        "inline completion.",
    )
    related_share: float = _setting(
        0.0,
        "How much of the code shown may come from other files, as a part of it, such as 0.25; 0 "
        "for none. Shown in the model's own way where it has one, else as comments.",
        _between(0, 0.9),
    )
    statistics: bool = _setting(
        True,
        "Count on this machine what became of suggestions (codellama-lsp stats): numbers by day, "
        "language and trigger, no code. Never sent anywhere.",
    )
    languages_off: list[str] = _setting(
        list, "Language ids that are never completed, such as markdown or plaintext."
    )


@attrs.frozen
class Actions:
    system: str = _setting(EXAMPLE_SYSTEM, "The system instruction for explain, generate and fix.")
    max_tokens: int = _setting(1024, "The longest answer, in tokens.", _between(1, 65536))
    time_limit: int = _setting(
        60, "An edit that fails is tried again while it took fewer seconds; 0: never.", _at_least(0)
    )
    language: str = _setting(
        "auto", "What explanations are written in, such as German; auto is the editor's language."
    )
    confirm_edits: bool = _setting(
        True, "Edits are shown before they are made, in editors that can preview them."
    )
    allowed_folders: list[str] = _setting(
        list, "Projects, by absolute path, whose own actions (.codellama/actions) are offered."
    )


@attrs.frozen
class Files:
    exclude: list[str] = _setting(
        lambda: list(_SECRETS),
        "Files that are never shown to a model, as .gitignore patterns: secrets, unless you say "
        "otherwise.",
    )
    gitignore: bool = _setting(True, "Leave files alone that .gitignore files name.")
    max_size_kb: int = _setting(
        8192, "Leave larger files alone, in KB; 0 for no bound.", _at_least(0)
    )


@attrs.frozen
class Config:
    models: Models = _section(Models, "Which models answer.")
    infill: Infill = _section(Infill, "How the model is asked to infill.")
    engine: EngineSettings = _section(EngineSettings, "How llama.cpp runs them.")
    sampling: Sampling = _section(Sampling, "How the next token is chosen.")
    completion: Completion = _section(Completion, "Completions while typing.")
    actions: Actions = _section(Actions, "Code actions on a selection.")
    files: Files = _section(Files, "Which files are left alone.")
    log_level: LogLevel = _setting(
        "warning",
        "What is written to standard error and the log file. Your code appears only at debug.",
    )
