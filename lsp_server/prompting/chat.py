"""Chat prompts: Llama 2's as Meta encodes it, or the template that the model file brings.

A template that is off by a space makes a model talk nonsense, so Llama 2's is made here token for
token (Meta's `chat_completion`), and any other is the model's own Jinja template (see
`template.py`). In both, what a user wrote never becomes a control token.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lsp_server.engine.protocol import Message
from lsp_server.errors import NotCapable, PromptFileError
from lsp_server.prompting.template import ChatTemplate
from lsp_server.prompting.tokenizer import ChatTokenizer

# Private-use characters that stand for a message's content while the template is rendered.
_PLACE = re.compile("\ue000([0-9]{1,4})\ue001")


class ChatFormat(Protocol):
    """Messages to the token ids of a prompt that asks for the next answer."""

    def encode(self, messages: Sequence[Message], tokenizer: ChatTokenizer) -> list[int]: ...


def chat_format_for(template: str | None, model_name: str) -> ChatFormat:
    """Llama 2's format where the file has its template or none, else the file's template."""
    if template is None or ("[INST]" in template and "<<SYS>>" in template):
        return Llama2Chat(model_name)
    return TemplateChat(template, model_name)


@dataclass(frozen=True)
class Llama2Chat:
    """`[INST] <<SYS>>…`: each turn begins with BOS, each earlier answer ends with EOS."""

    model_name: str

    def encode(self, messages: Sequence[Message], tokenizer: ChatTokenizer) -> list[int]:
        if tokenizer.control("▁<MID>") is None and not tokenizer.sentencepiece:
            raise NotCapable(
                f"{self.model_name} has no chat template, so it can't explain, generate or fix.",
                "Name an instruct model in models.instruct.",
            )
        turns = _with_system_in_first(messages)
        tokens: list[int] = []
        for question, answer in zip(turns[::2], [*turns[1::2], None], strict=False):
            tokens += [token for token in [tokenizer.bos] if token is not None]
            if answer is None:
                tokens += tokenizer.encode(f"[INST] {question.content.strip()} [/INST]")
            else:
                text = f"[INST] {question.content.strip()} [/INST] {answer.content.strip()} "
                tokens += [*tokenizer.encode(text), tokenizer.eos]
        return tokens


def _with_system_in_first(messages: Sequence[Message]) -> list[Message]:
    if not messages or messages[0].role != "system":
        return list(messages)
    system, first, *rest = messages
    content = f"<<SYS>>\n{system.content}\n<</SYS>>\n\n{first.content}"
    return [Message("user", content), *rest]


class TemplateChat:
    """The Jinja template of a GGUF file.

    The template sees a placeholder for each content, between the content's own white space, so
    that it strips what it would strip. In what it renders, control tokens are looked for in the
    template's own text only; all between two of them is tokenised as plain text, the user's and
    the template's together, as the model was trained.
    """

    def __init__(self, template: str, model_name: str) -> None:
        self._template = ChatTemplate(template, model_name)

    def encode(self, messages: Sequence[Message], tokenizer: ChatTokenizer) -> list[int]:
        messages, rendered = self._render(messages, tokenizer)
        tokens: list[int] = []
        plain = ""
        at = 0
        for place in _PLACE.finditer(rendered):
            if int(place[1]) >= len(messages):
                continue
            plain = _encode_template(rendered[at : place.start()], plain, tokens, tokenizer)
            plain += messages[int(place[1])].content.strip()
            at = place.end()
        plain = _encode_template(rendered[at:], plain, tokens, tokenizer)
        tokens += tokenizer.encode(plain)
        bos = tokenizer.bos
        return tokens if bos is None or tokens[:1] == [bos] else [bos, *tokens]

    def _render(
        self, messages: Sequence[Message], tokenizer: ChatTokenizer
    ) -> tuple[Sequence[Message], str]:
        """The template's text for the messages; if it knows no system message, or leaves it out,
        for messages with the system's part of the first user's."""
        bos = "" if tokenizer.bos is None else tokenizer.text(tokenizer.bos)
        eos = tokenizer.text(tokenizer.eos)
        folded = _with_system_folded(messages)
        try:
            rendered = self._template.render(_places(messages), bos, eos)
        except PromptFileError:
            if folded == messages:
                raise
        else:
            if folded == messages or _place(0, messages[0].content) in rendered:
                return messages, rendered
        return folded, self._template.render(_places(folded), bos, eos)


def _with_system_folded(messages: Sequence[Message]) -> Sequence[Message]:
    if len(messages) < 2 or messages[0].role != "system":
        return messages
    system, first, *rest = messages
    return [Message(first.role, f"{system.content}\n\n{first.content}"), *rest]


def _places(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The messages as the template gets them: each text a placeholder in its white space."""
    places = []
    for i, message in enumerate(messages):
        text = message.content
        before = text[: len(text) - len(text.lstrip())]
        after = text[len(text.rstrip()) :] if text.strip() else ""
        places.append({"role": message.role, "content": before + _place(i, text) + after})
    return places


def _place(number: int, text: str) -> str:
    return f"\ue000{number}\ue001" if text.strip() else ""


def _encode_template(text: str, plain: str, tokens: list[int], tokenizer: ChatTokenizer) -> str:
    """Append the template's text to `tokens` up to its last control token, `plain` before it;
    returns the plain text that follows."""
    at = 0
    for match in tokenizer.control_pattern.finditer(text):
        token = tokenizer.control(match.group())
        if token is None:
            continue
        tokens += [*tokenizer.encode(plain + text[at : match.start()]), token]
        plain, at = "", match.end()
    return plain + text[at:]
