"""codellama-lsp prompt: what the model sees, token for token."""

import json
import sys
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import click

from lsp_server.cli.engine_session import user_config
from lsp_server.cli.places import Cursor, CursorType
from lsp_server.config import Config
from lsp_server.engine.protocol import EngineInfo, Message, Order
from lsp_server.errors import CodeLlamaError
from lsp_server.prompting.infill import InfillPrompt, choose_format, infill_prompt
from lsp_server.prompting.infill_format import InfillFormat

_LLAMA_2_VOCABULARY = 32_000
_model_option = click.option(
    "--model",
    "model_name",
    help="A GGUF file or a catalogue name; the settings' model if not given.",
)


@click.group()
def prompt() -> None:
    """Show the prompts that models are given, token for token."""


@prompt.command()
@_model_option
@click.option("--family", default=None, help="A format of prompts/infill instead of the model's.")
@click.option("--order", type=click.Choice(["psm", "spm"]), help="Instead of the family's default.")
@click.option("--heal/--no-heal", default=None, help="Token healing; off for standard input.")
@click.option("--at", type=CursorType(), help="What the server would send for FILE:LINE:COL.")
def infill(
    model_name: str | None,
    family: str | None,
    order: Order | None,
    heal: bool | None,
    at: Cursor | None,
) -> None:
    """Infill prompts: of {"prefix", "suffix"} lines on standard input, or of a place in a file.

    Each line of input gives one {"tokens", "text"} line. With --at it is the prompt that the
    server would send, trimmed and healed, with the tokens of each part.
    """
    config = user_config()
    model = _Model(model_name or config.models.infill, config, family)
    if at:
        _show_place(model, at, order, heal)
        return
    for line in _json_lines("prefix", "suffix"):
        made = model.infill(line["prefix"], line["suffix"], order, bool(heal))
        _print_tokens(made.tokens, _text(model, made))


@prompt.command()
@_model_option
def chat(model_name: str | None) -> None:
    """Chat prompts: of {"messages": [{"role", "content"}, ...]} lines on standard input.

    Each line gives one {"tokens", "text"} line.
    """
    from lsp_server.prompting.chat import chat_format_for

    config = user_config()
    model = _Model(model_name or config.models.instruct, config, None)
    chat_format = chat_format_for(model.weights.chat_template, model.weights.name)
    for line in _json_lines("messages"):
        messages = [Message(m["role"], m["content"]) for m in line["messages"]]
        tokens = chat_format.encode(messages, model.vocab)
        _print_tokens(tokens, model.vocab.render(tokens))


class _Model:
    """A model's vocabulary, without its weights."""

    def __init__(self, name: str, config: Config, family: str | None) -> None:
        from lsp_server.engine.llama.model import LlamaModel
        from lsp_server.models.gguf import read_gguf
        from lsp_server.models.store import locate

        path = locate(name)
        self.metadata = read_gguf(path)
        self.config = config
        self.weights = LlamaModel(path, config.engine, vocab_only=True)
        self.vocab = self.weights.vocab
        self._family = family or self._guessed_family() or config.infill.family

    @cached_property
    def format(self) -> InfillFormat:
        choice = choose_format(
            self.vocab, self.metadata.architecture, self.weights.name, self._family
        )
        if choice.notice:
            click.echo(f"codellama-lsp: {choice.notice}", err=True)
        return choice.format

    def infill(
        self, prefix: str, suffix: str, order: Order | None, heal: bool | None
    ) -> InfillPrompt:
        return infill_prompt(self.format, self.vocab, prefix, suffix, order=order, healing=heal)

    def _guessed_family(self) -> str | None:
        """Llama 2's bare vocabulary is taken for Code Llama's, which goes on where it ends."""
        bare = self.metadata.n_tensors == 0 and self.metadata.architecture == "llama"
        if not (bare and self.metadata.n_vocab == _LLAMA_2_VOCABULARY):
            return None
        click.echo(
            "codellama-lsp: this file is Llama 2's vocabulary without a model; the infill tokens "
            "are taken from code-llama.",
            err=True,
        )
        return "code-llama"


def _json_lines(*keys: str) -> Iterator[dict[str, Any]]:
    """The objects on standard input. Raises CodeLlamaError naming the line that has a mistake."""
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            yield {key: value[key] for key in keys}
        except (ValueError, KeyError, TypeError) as error:
            raise CodeLlamaError(
                f"Standard input, line {number}: expected a JSON object with {', '.join(keys)}."
            ) from error


def _text(model: _Model, made: InfillPrompt) -> str:
    """The prompt for a person; a control token that a bare vocabulary lacks, by its name."""
    known = model.vocab.size
    return "".join(
        part.name if max(part.tokens, default=0) >= known else model.vocab.render(part.tokens)
        for part in made.parts
    )


def _print_tokens(tokens: list[int], text: str) -> None:
    line = json.dumps({"tokens": tokens, "text": text}, ensure_ascii=False)
    sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")


def _show_place(model: _Model, at: Cursor, order: Order | None, heal: bool | None) -> None:
    from lsp_server.completion.pipeline import context_budget, infill_request, unix_window

    config, vocab = model.config, model.vocab
    n_ctx = min(config.engine.n_ctx, model.metadata.n_ctx_train or config.engine.n_ctx)
    name = model.weights.name
    info = EngineInfo(name, name, "", n_ctx, gpu=model.weights.gpu)
    window = unix_window(
        at.snapshot,
        at.offset,
        context_budget(config, info),
        lambda texts: [len(vocab.encode_inside(text)) for text in texts],
    )
    request = infill_request(window, config)
    made = model.infill(
        request.prefix,
        request.suffix,
        order or request.order,
        request.heal if heal is None else heal,
    )
    click.echo(f"order {made.order}; {_healing_in_words(made)}")
    for part in made.parts:
        click.echo(f"{len(part.tokens):6}  {part.name}")
    total = len(made.tokens)
    click.echo(f"{total:6}  in all, of n_ctx {n_ctx} with {request.max_tokens} for the answer\n")
    click.echo(_text(model, made))


def _healing_in_words(made: InfillPrompt) -> str:
    if not made.constraint:
        return "nothing dropped for healing"
    dropped = made.constraint.decode("utf-8", "replace")
    return f"healing dropped {dropped!r}, which the first generated tokens have to spell"
