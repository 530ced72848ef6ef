"""Infill prompts: token ids from a family's format.

Text is tokenised apart from the control tokens, so a user's `<MID>` stays text. Code Llama's are
Meta's `infill_prompt_tokens` (arXiv:2308.12950, section 2.3) token for token.
"""

from dataclasses import dataclass

from lsp_server.engine.protocol import Order, Repository
from lsp_server.errors import NotCapable, PromptTooLong
from lsp_server.prompting.control_text import Harmless
from lsp_server.prompting.healing import Healed, heal
from lsp_server.prompting.infill_format import (
    PLAIN,
    PREFIX,
    SUFFIX,
    InfillFormat,
    load_formats,
)
from lsp_server.prompting.tokenizer import Tokenizer

FILES = "$files"


@dataclass(frozen=True)
class Part:
    """A stretch of the prompt: a control token's text, `$prefix`, `$suffix`, `$files` or BOS."""

    name: str
    tokens: list[int]


@dataclass(frozen=True)
class InfillPrompt:
    """The prompt's parts in order, and the bytes that the first generated tokens have to spell
    (see healing)."""

    parts: list[Part]
    constraint: bytes
    order: Order

    @property
    def tokens(self) -> list[int]:
        return [token for part in self.parts for token in part.tokens]


@dataclass(frozen=True)
class Choice:
    """The format chosen for a model, and what the user ought to know about the choice."""

    format: InfillFormat
    notice: str = ""


def choose_format(
    tokenizer: Tokenizer, architecture: str, model_name: str, family: str = "auto"
) -> Choice:
    """The format of a model: the named family's, else the one that its file shows.

    Where none is known the prefix alone is completed, and the notice says so. Raises NotCapable
    for a family that there is not or that the vocabulary can't write.
    """
    formats = load_formats()
    if family != "auto":
        return Choice(_named(family, tokenizer, model_name))
    for candidate in formats.values():
        if candidate.family != PLAIN and candidate.fits(tokenizer, architecture):
            return Choice(candidate)
    return Choice(
        formats[PLAIN],
        f"{model_name} (architecture {architecture}) is of no family whose infill format is known, "
        "so it sees only the code before the cursor. Models that infill: qwen2.5-coder-0.5b, "
        "codellama-7b and codellama-13b; infill.family names a format by hand.",
    )


def _named(family: str, tokenizer: Tokenizer, model_name: str) -> InfillFormat:
    formats = load_formats()
    if family not in formats:
        raise NotCapable(
            f"infill.family: there is no family {family!r}.", f"Known: {', '.join(formats)}."
        )
    found = formats[family]
    missing = [t for t in sorted(found.control_tokens) if found.token(t, tokenizer) is None]
    if missing:
        raise NotCapable(
            f"{model_name} is no {family} model: its vocabulary has no {', '.join(missing)}.",
            "Set infill.family to auto, or name another model in models.infill.",
        )
    return found


def infill_prompt(
    infill_format: InfillFormat,
    tokenizer: Tokenizer,
    prefix: str,
    suffix: str,
    *,
    order: Order | None = None,
    healing: bool | None = None,
    repository: Repository | None = None,
) -> InfillPrompt:
    """The prompt for the middle between prefix and suffix; None means what measured best. What the
    repository says comes first, for a family that is shown other files.

    An order that the format lacks raises NotCapable.
    """
    order = order or _best_order(infill_format, prefix, healing)
    layout = _layout(infill_format, order)
    healing = order in infill_format.heal if healing is None else healing
    healed = _prefix_tokens(tokenizer, prefix, healing, at_end=layout[-1] == PREFIX)
    bos = tokenizer.bos if infill_format.bos else None
    parts = [] if bos is None else [Part("BOS", [bos])]
    if repository and infill_format.shows_files(tokenizer):
        parts += _files(infill_format, tokenizer, repository)
    for name in layout:
        if name == PREFIX:
            parts.append(Part(name, healed.tokens))
        elif name == SUFFIX:
            parts.append(Part(name, tokenizer.encode_inside(suffix)))
        else:
            parts.append(Part(name, [_control(infill_format, tokenizer, name)]))
    prompt = InfillPrompt(parts, healed.dropped, order)
    if healed.dropped and not prompt.tokens:
        # A model needs something to start from, be it half a word.
        return infill_prompt(
            infill_format,
            tokenizer,
            prefix,
            suffix,
            order=order,
            healing=False,
            repository=repository,
        )
    return prompt


def _files(infill_format: InfillFormat, tokenizer: Tokenizer, repository: Repository) -> list[Part]:
    """The repository's name, its files, and the path of the one that follows: the layout that
    Qwen2.5-Coder's and StarCoder 2's makers document."""
    layout = infill_format.files

    def marked(mark: str, text: str) -> list[Part]:
        control = Part(layout[mark], [_control(infill_format, tokenizer, layout[mark])])
        return [control, Part(FILES, tokenizer.encode_inside(text))]

    parts = marked("repository", repository.name + layout["after_repository"])
    for file in repository.files:
        parts += marked("file", f"{file.path}\n{file.text.rstrip()}\n")
    return parts + marked("file", f"{repository.path}\n")


def _best_order(infill_format: InfillFormat, prefix: str, healing: bool | None) -> Order:
    """The measured order. Where the prompt would end with half a word and healing is off: PSM,
    which was trained on prefixes that end anywhere."""
    ends_with_prefix = infill_format.orders[infill_format.order][-1] == PREFIX
    at_token_boundary = not prefix or prefix.endswith("\n")
    if ends_with_prefix and healing is False and not at_token_boundary:
        return unhealed_order(infill_format)
    return infill_format.order


def _prefix_tokens(tokenizer: Tokenizer, prefix: str, healing: bool, at_end: bool) -> Healed:
    tokens = tokenizer.encode(prefix)
    if not healing:
        return Healed(tokens, b"")
    if at_end and not prefix:
        # Prefix and middle were one text in training, with the dummy space at its head.
        return Healed([], b" " if tokenizer.adds_space else b"")
    if at_end:
        return heal(tokens, tokenizer)
    # Where the middle doesn't continue the prefix's tokens, the first token stays: it may have a
    # dummy space, which would become part of the middle.
    healed = heal(tokens[1:], tokenizer)
    return Healed(tokens[:1] + healed.tokens, healed.dropped)


def _control(infill_format: InfillFormat, tokenizer: Tokenizer, text: str) -> int:
    token = infill_format.token(text, tokenizer)
    if token is None:
        raise NotCapable(f"The model's vocabulary has no {text} token, which infilling needs.")
    return token


def infill_text(
    infill_format: InfillFormat, prefix: str, suffix: str, order: Order | None = None
) -> str:
    """The prompt as a text, for servers that take no token ids: they begin it with BOS themselves
    and know control tokens by their text, so the user's own are made harmless.

    PSM where nothing else is asked for, as a text can't be healed. Raises NotCapable for an order
    that the format lacks.
    """
    order = order or unhealed_order(infill_format)
    texts = {PREFIX: Harmless.of(prefix).text, SUFFIX: Harmless.of(suffix).text}
    return "".join(texts.get(name, name) for name in _layout(infill_format, order))


def unhealed_order(infill_format: InfillFormat) -> Order:
    """PSM, in which prompts may end inside a word; the one order of formats that lack it."""
    return "psm" if "psm" in infill_format.orders else infill_format.order


def _layout(infill_format: InfillFormat, order: Order) -> tuple[str, ...]:
    layout = infill_format.orders.get(order)
    if layout is None:
        raise NotCapable(f"{infill_format.family} models have no {order} order.")
    return layout


def end_tokens(infill_format: InfillFormat, tokenizer: Tokenizer) -> frozenset[int]:
    """The ids that end a middle: the format's end tokens and its own control tokens."""
    texts = {*infill_format.end, *infill_format.control_tokens}
    found = (infill_format.token(text, tokenizer) for text in texts)
    return frozenset(token for token in found if token is not None)


def check_length(tokens: list[int], n_ctx: int, max_tokens: int) -> None:
    """Raises PromptTooLong where prompt and answer don't fit n_ctx together."""
    if len(tokens) + max_tokens > n_ctx:
        raise PromptTooLong(
            f"The prompt has {len(tokens)} tokens and the answer may have {max_tokens}, which is "
            f"more than n_ctx ({n_ctx}).",
            "Raise engine.n_ctx, or lower max_tokens or context_tokens.",
        )
