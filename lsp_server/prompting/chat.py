"""Chat prompts: Llama 2's as Meta encodes it, or the template that the model file brings.

A template that is off by a space makes a model talk nonsense, so Llama 2's is made here token for
token (Meta's `chat_completion`), and any other is the model's own Jinja template. That template is
code from a stranger: it runs in Jinja's sandbox. In both, what a user wrote never becomes a
control token.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lsp_server.engine.protocol import Message
from lsp_server.errors import NotCapable, PromptFileError
from lsp_server.prompting.tokenizer import ChatTokenizer

# Private-use characters that stand for a message's content while the template is rendered.
_PLACE = re.compile("( ?)\ue000([0-9]+)\ue001( ?)")


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
    """The Jinja template of a GGUF file, rendered in the sandbox.

    The template sees a placeholder for each content. In what it renders, control tokens are looked
    for in the template's own text only; all between two of them is tokenised as plain text, the
    user's and the template's together, as the model was trained.
    """

    def __init__(self, template: str, model_name: str) -> None:
        self._template = template
        self._model_name = model_name

    def encode(self, messages: Sequence[Message], tokenizer: ChatTokenizer) -> list[int]:
        rendered = self._render(messages, tokenizer)
        tokens: list[int] = []
        plain = ""
        at = 0
        for place in _PLACE.finditer(rendered):
            plain = _encode_template(rendered[at : place.start()], plain, tokens, tokenizer)
            plain += _content(place, messages)
            at = place.end()
        plain = _encode_template(rendered[at:], plain, tokens, tokenizer)
        tokens += tokenizer.encode(plain)
        bos = tokenizer.bos
        return tokens if bos is None or tokens[:1] == [bos] else [bos, *tokens]

    def _render(self, messages: Sequence[Message], tokenizer: ChatTokenizer) -> str:
        from jinja2 import TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        places = [
            {"role": message.role, "content": f" \ue000{i}\ue001 "}
            for i, message in enumerate(messages)
        ]
        try:
            return environment.from_string(self._template).render(
                messages=places,
                add_generation_prompt=True,
                bos_token=tokenizer.text(tokenizer.bos) if tokenizer.bos is not None else "",
                eos_token=tokenizer.text(tokenizer.eos),
                raise_exception=_raise_exception,
            )
        except TemplateError as error:
            raise PromptFileError(
                f"The chat template of {self._model_name} failed: {error}.",
                "Choose another instruct model in models.instruct.",
            ) from error


def _raise_exception(message: str) -> Any:
    from jinja2 import TemplateRuntimeError

    raise TemplateRuntimeError(message)


def _content(place: "re.Match[str]", messages: Sequence[Message]) -> str:
    """A message's content, stripped on the sides on which the template stripped its placeholder."""
    before, number, after = place.groups()
    content = messages[int(number)].content
    content = content if before else content.lstrip()
    return content if after else content.rstrip()


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
