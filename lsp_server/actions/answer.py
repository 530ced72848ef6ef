"""Takes the code out of a model's answer. Pure functions on text.

What models do to "one code block and nothing else": prose around it, several blocks, a fence never
closed or never opened, `~~~` for a fence, fences inside docstrings and Markdown, prose alone,
control tokens as text.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lsp_server.errors import AnswerError

HINT = "Try again with fewer lines, or choose a larger model for models.instruct."

# Markers that end a turn or infilling, for models whose GGUF does not type them as control tokens.
_CONTROL = re.compile(
    r"<\|(?:im_end|im_start|endoftext|eot_id|end|eom_id|end_of_text|file_sep|repo_name|fim_\w+)\|>"
    r"|<[|｜](?:begin|end)▁of▁sentence[|｜]>|▁?<(?:EOT|PRE|SUF|MID)>|\[/?INST\]|<</?SYS>>"
    r"|</s>(?=\s*\Z)"
)
_TURN_START = re.compile(r"\s*(?:<\|im_start\|>\s*assistant\b|<s>)[ \t]*\n?")
_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<marks>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*?)[ \t]*")

_COMMENT = re.compile(r"#|//|--|;|/\*|\*|<!--")
_TAG = re.compile(r"[{.\s]*([\w+#-]*)")

# A line of prose: a sentence of three words that begins and ends like one, or a longer row of plain
# words with one among them that code has no use for.
_PROSE = re.compile(
    r"(?:[-*] |\d+\. )?\**[A-Z][\w'’]*[,!]?(?: +[^\s=;{}]+){2,}[.:!?]\**"
    r"|(?=.*\b(?:[Tt]he|an|are|of|to|[Tt]his|that|your?)\b)"
    r"[A-Za-z][\w'’,]*(?: +[\w'’`,.()/-]+){4,}|Sure[!.,:].*"
)
_PROSE_LANGUAGES = frozenset(
    ("markdown", "plaintext", "restructuredtext", "asciidoc", "latex", "tex", "html", "text")
)


@dataclass(frozen=True)
class Code:
    """Code from an answer, with `\\n` line ends and no blank line around it. `tag` is what its
    fence says; `closed` is False where the fence or the answer may have been cut."""

    text: str
    tag: str = ""
    closed: bool = True


def plain_text(answer: str, source: str = "") -> str:
    """The answer with `\\n` line ends, up to the first leaked control token. A token that also
    stands in `source`, the text asked about, is the user's own and stays."""
    text = re.sub(r"\r\n?", "\n", answer)
    start = _TURN_START.match(text)
    text = text[start.end() :] if start else text
    for match in _CONTROL.finditer(text):
        if match.group() not in source:
            return text[: match.start()].rstrip()
    return text.rstrip()


def code_of(answer: str, names: Collection[str], source: str = "") -> Code:
    """The code in an answer. `names` are the tags that mean the wanted language, `source` is the
    code it was asked about. Raises AnswerError where there is none."""
    text = plain_text(answer, source)
    if not text.strip():
        raise AnswerError("The model's answer was empty.", HINT)
    blocks = [block for block in _blocks(text) if block.text.strip()]
    if blocks:
        own = _lines(source)
        return max(blocks, key=lambda block: _rank(block, names, own))
    if any(_FENCE.fullmatch(line) for line in text.split("\n")):
        raise AnswerError("The model answered with an empty code block.", HINT)
    return Code(_without_prose(text, names), closed=False)


def is_whole(answer: str, names: Collection[str], source: str) -> bool:
    """Whether the answer so far has its code to the end, so that what follows is talk: a closed
    block in the language, which is not `source` quoted back, and as long as it or with the same
    first line of code, as an excerpt is not."""
    text = plain_text(answer, source)
    own = _lines(source)
    asked = _described(own)
    for block in _scan(text, nesting=True):
        lines = _lines(block.text)
        code = _described(lines)
        meant = block.closed and (block.tag in names or not block.tag)
        if meant and code and lines != own and (len(code) >= len(asked) or code[0] == asked[0]):
            return True
    return False


def _described(lines: list[str]) -> list[str]:
    """The lines below the first comments, which models leave out; all where there are no more."""
    code = (i for i, line in enumerate(lines) if not _COMMENT.match(line))
    return lines[next(code, 0) :]


def _rank(block: Code, names: Collection[str], own: list[str]) -> tuple[int, bool, int]:
    """The wanted language first, then untagged, then others; what the user wrote, quoted back, is
    the last of these; among equals the longest, and as `max` keeps the first of ties, the first."""
    tagged = 2 if block.tag in names else 0 if block.tag else 1
    return tagged, _lines(block.text) != own, len("".join(block.text.split()))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _blocks(text: str) -> list[Code]:
    """The fenced blocks. A fence with a tag inside a block is taken as nested, unless that leaves
    the outer one without its end."""
    blocks = list(_scan(text, nesting=True))
    return blocks if all(block.closed for block in blocks) else list(_scan(text, nesting=False))


def _scan(text: str, nesting: bool) -> Iterator[Code]:
    opening: re.Match[str] | None = None
    lines: list[str] = []
    depth = 0
    for line in text.split("\n"):
        fence = _FENCE.fullmatch(line)
        if opening is None:
            opening, lines, depth = fence, [], 0
            continue
        if fence is None or not _same_kind(opening, fence):
            lines.append(line)
        elif fence["info"] and nesting:
            depth += 1
            lines.append(line)
        elif depth:
            depth -= 1
            lines.append(line)
        else:
            # A tag on the fence means that the last block was never closed.
            yield _block(opening, lines, closed=not fence["info"])
            opening, lines = (fence, []) if fence["info"] else (None, [])
    if opening is not None:
        yield _unclosed(opening, lines)


def _same_kind(opening: re.Match[str], fence: re.Match[str]) -> bool:
    """Whether the fence can end or nest in the opened block: one that stands further right, as in
    a docstring, is the code's own."""
    return fence["marks"].startswith(opening["marks"]) and len(fence["indent"].expandtabs()) <= len(
        opening["indent"].expandtabs()
    )


def _unclosed(opening: re.Match[str], lines: list[str]) -> Code:
    """The rest of the answer. Its last line may be a closing fence that stands too far right."""
    closed = bool(lines) and lines[-1].strip() == opening["marks"]
    return _block(opening, lines[:-1] if closed else lines, closed)


def _block(opening: re.Match[str], lines: list[str], closed: bool) -> Code:
    """The block without the indentation of its own fence, as in a list item."""
    indent = opening["indent"]
    if indent and all(line.startswith(indent) for line in lines if line.strip()):
        lines = [line[len(indent) :] for line in lines]
    tag = _TAG.match(opening["info"])
    return Code(_trimmed(lines), tag[1].lower() if tag else "", closed)


def _without_prose(text: str, names: Collection[str]) -> str:
    """An answer without fences, less the sentences before and after the code."""
    lines = text.split("\n")
    if _PROSE_LANGUAGES.isdisjoint(names):
        while lines and (not lines[0].strip() or _PROSE.fullmatch(lines[0].strip())):
            lines.pop(0)
        while lines and (not lines[-1].strip() or _PROSE.fullmatch(lines[-1].strip())):
            lines.pop()
    if not lines:
        raise AnswerError("The model answered in words only, without code.", HINT)
    return _trimmed(lines)


def _trimmed(lines: list[str]) -> str:
    """The lines without blank ones around them; what indents the first stays."""
    full = [i for i, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[full[0] : full[-1] + 1]) if full else ""
