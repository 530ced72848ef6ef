"""The engine's requests and answers as JSON: llama-server's `/infill` and OpenAI's chat.

Both sides of the wire are here, so that they can't differ. `order`, `heal`, `near` and `copies` are
ours, and left out where they are not set; so is `likelihood`. Everything else is what llama-server
takes, so that llama.vim and other tools can ask our engine, and our client can ask llama-server.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import attrs

from lsp_server.config import Sampling
from lsp_server.engine.protocol import (
    ChatRequest,
    Chunk,
    Condition,
    EngineInfo,
    FileText,
    Finish,
    InfillRequest,
    Message,
    Phase,
    Repository,
    Usage,
)
from lsp_server.errors import CodeLlamaError, EngineError, PromptTooLong, error_named

_SAMPLING = {field.name for field in attrs.fields(Sampling)}
# llama-server's default of -1 is "until the model ends it".
_UNLIMITED = 512
_LONGEST_ERROR = 300
_TOO_LONG = re.compile("(maximum|longer than the|exceeds the( available)?) context (length|size)")

Json = Mapping[str, Any]


def infill_body(request: InfillRequest) -> dict[str, Any]:
    body = {
        "input_prefix": request.prefix,
        "input_suffix": request.suffix,
        "n_predict": request.max_tokens,
        "stream": True,
        **attrs.asdict(request.sampling),
    }
    if request.alternatives > 1:
        body["n_cmpl"] = request.alternatives
    if request.near:
        body["near"] = {"input_prefix": request.near[0], "input_suffix": request.near[1]}
    if request.repository:
        body |= _repository_body(request.repository)
    ours = {"order": request.order, "heal": request.heal, "background": request.background or None}
    return body | {key: value for key, value in ours.items() if value is not None}


def infill_request(body: Json) -> InfillRequest:
    """llama.vim sends the current line up to the cursor as `prompt`, apart from the lines above."""
    return InfillRequest(
        prefix=_text(body, "input_prefix") + _text(body, "prompt"),
        suffix=_text(body, "input_suffix"),
        max_tokens=_max_tokens(body, "n_predict"),
        sampling=_sampling(body),
        order=body.get("order"),
        heal=body.get("heal"),
        background=_text(body, "background"),
        alternatives=max(1, _whole_number(body, "n_cmpl", 1)),
        near=_near(body.get("near")),
        repository=_repository(body),
    )


def _repository_body(repository: Repository) -> dict[str, Any]:
    """llama-server's `input_extra`, and what it has no name for."""
    extra = [{"filename": file.path, "text": file.text} for file in repository.files]
    ours = {"name": repository.name, "path": repository.path}
    return {"input_extra": extra, "repository": ours}


def _repository(body: Json) -> Repository | None:
    extra = body.get("input_extra")
    if not extra:
        return None
    if not isinstance(extra, list) or not all(isinstance(one, dict) for one in extra):
        raise EngineError("input_extra must be a list of {filename, text}.")
    ours = body.get("repository") or {}
    files = tuple(FileText(_text(one, "filename"), _text(one, "text")) for one in extra)
    return Repository(_text(ours, "name"), _text(ours, "path"), files)


def _near(body: Any) -> tuple[str, str] | None:
    if body is None:
        return None
    if not isinstance(body, dict):
        raise EngineError("near must be {input_prefix, input_suffix}.")
    return _text(body, "input_prefix"), _text(body, "input_suffix")


def chat_body(request: ChatRequest) -> dict[str, Any]:
    ours = {"copies": True} if request.copies else {}
    return ours | {
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "max_tokens": request.max_tokens,
        "stream": True,
        **attrs.asdict(request.sampling),
    }


def chat_request(body: Json) -> ChatRequest:
    return ChatRequest(
        messages=messages(body),
        max_tokens=_max_tokens(body, "max_tokens"),
        sampling=_sampling(body),
        copies=body.get("copies") is True,
    )


def messages(body: Json) -> tuple[Message, ...]:
    """The messages of a chat. A content may be a text or OpenAI's list of text parts."""
    found = body.get("messages")
    if not isinstance(found, list) or not found:
        raise EngineError("messages must be a list of {role, content}.")
    return tuple(Message(_role(message), _content(message)) for message in found)


def infill_event(chunk: Chunk) -> dict[str, Any]:
    """A chunk as llama-server streams it."""
    event: dict[str, Any] = {
        "index": chunk.index,
        "content": chunk.text,
        "stop": chunk.finish is not None,
    }
    if chunk.finish:
        event["stop_type"] = "eos" if chunk.finish is Finish.STOP else "limit"
    if chunk.likelihood:
        event["likelihood"] = chunk.likelihood
    return event | _usage_fields(chunk.usage)


def chat_event(chunk: Chunk, model: str) -> dict[str, Any]:
    """A chunk as OpenAI streams it, with llama-server's figures beside."""
    choice = {
        "index": 0,
        "delta": {"content": chunk.text},
        "finish_reason": chunk.finish.value if chunk.finish else None,
    }
    event = {"object": "chat.completion.chunk", "model": model, "choices": [choice]}
    return event | _usage_fields(chunk.usage)


def chunk_of_infill(event: Json) -> Chunk:
    finish = None
    if event.get("stop"):
        finish = Finish.LENGTH if event.get("stop_type") == "limit" else Finish.STOP
    return Chunk(
        str(event.get("content", "")),
        finish,
        usage_of(event) if finish else None,
        int(event.get("index", 0)),
        float(event.get("likelihood", 0.0)),
    )


def chunk_of_chat(event: Json) -> Chunk:
    choice = (event.get("choices") or [{}])[0]
    text = (choice.get("delta") or {}).get("content") or ""
    return Chunk(text, _finish(choice), _usage_told(event))


def chunk_of_completion(event: Json) -> Chunk:
    """OpenAI's completions stream as its chat does, with `text` in place of a delta."""
    choice = (event.get("choices") or [{}])[0]
    return Chunk(choice.get("text") or "", _finish(choice), _usage_told(event))


def usage_of(event: Json) -> Usage:
    """llama-server's timings where there are some, else OpenAI's usage."""
    timings = event.get("timings")
    if timings:
        return Usage(
            prompt_tokens=int(timings.get("cache_n", 0)) + int(timings.get("prompt_n", 0)),
            cached_tokens=int(timings.get("cache_n", 0)),
            generated_tokens=int(timings.get("predicted_n", 0)),
            prefill_ms=float(timings.get("prompt_ms", 0.0)),
            decode_ms=float(timings.get("predicted_ms", 0.0)),
        )
    usage = event.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        cached_tokens=int(details.get("cached_tokens") or 0),
        generated_tokens=int(usage.get("completion_tokens") or 0),
    )


def _usage_told(event: Json) -> Usage | None:
    """Servers tell it with the last piece of text, or in an event of its own after that."""
    return usage_of(event) if event.get("timings") or event.get("usage") else None


def _finish(choice: Json) -> Finish | None:
    reason = choice.get("finish_reason")
    if not reason:
        return None
    return Finish.LENGTH if reason == "length" else Finish.STOP


def _usage_fields(usage: Usage | None) -> dict[str, Any]:
    if usage is None:
        return {}
    evaluated = usage.prompt_tokens - usage.cached_tokens
    return {
        "tokens_evaluated": usage.prompt_tokens,
        "tokens_cached": usage.cached_tokens,
        "tokens_predicted": usage.generated_tokens,
        "timings": {
            "cache_n": usage.cached_tokens,
            "prompt_n": evaluated,
            "prompt_ms": usage.prefill_ms,
            "predicted_n": usage.generated_tokens,
            "predicted_ms": usage.decode_ms,
        },
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.generated_tokens,
            "total_tokens": usage.prompt_tokens + usage.generated_tokens,
        },
    }


def info_json(info: EngineInfo) -> dict[str, Any]:
    return dict(vars(info))


def info_of(body: Json) -> EngineInfo:
    return EngineInfo(**body)


def condition_json(condition: Condition) -> dict[str, Any]:
    return dict(vars(condition))


def condition_of(event: Json) -> Condition:
    return Condition(Phase(event["phase"]), event["percentage"], event["message"])


def error_json(error: CodeLlamaError) -> dict[str, Any]:
    return {
        "error": {
            "type": type(error).__name__,
            "message": error.message,
            "hint": error.hint,
            "code": 400,
        }
    }


def error_of(body: Json) -> CodeLlamaError:
    """The error that a server tells: ours as it was raised there, others' as EngineError.

    OpenAI's is `{"error": {"message"}}`, Ollama's `{"error": text}`, FastAPI's `{"detail"}`, and
    some have `message` at the top.
    """
    error = body.get("error") or body.get("detail") or body.get("message") or body
    if _is_too_long(error):
        told = error.get("message") if isinstance(error, Mapping) else error
        return PromptTooLong(_in_short(told), "Lower completion.context_tokens.")
    if not isinstance(error, Mapping):
        return EngineError(_in_short(error))
    kind = error_named(str(error.get("type"))) if is_ours(body) else EngineError
    message = error.get("message")
    return (kind or EngineError)(_in_short(message or error), str(error.get("hint", "")))


def is_ours(body: Any) -> bool:
    """Whether an error is one that our engine tells, or that we tell in our own words."""
    error = body.get("error") if isinstance(body, Mapping) else None
    return (isinstance(error, Mapping) and "hint" in error) or _is_too_long(error)


def _is_too_long(error: Any) -> bool:
    """Whether a prompt didn't fit, in the words of llama-server, OpenAI and vLLM, or Ollama."""
    if not isinstance(error, Mapping):
        return bool(_TOO_LONG.search(str(error)))
    return error.get("type") == "exceed_context_size_error" or _is_too_long(error.get("message"))


def _in_short(told: Any) -> str:
    text = told if isinstance(told, str) else json.dumps(told)
    return " ".join(text.split())[:_LONGEST_ERROR]


def _text(body: Json, key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise EngineError(f"{key} must be a text.")
    return value


def _max_tokens(body: Json, key: str) -> int:
    value = _whole_number(body, key, -1)
    return _UNLIMITED if value < 0 else value


def _whole_number(body: Json, key: str, default: int) -> int:
    value = body.get(key, default)
    if type(value) is not int:
        raise EngineError(f"{key} must be a whole number.")
    return value


def _sampling(body: Json) -> Sampling:
    try:
        given = {key: body[key] for key in _SAMPLING if body.get(key) is not None}
        if given.get("seed") == -1:  # llama-server's and OpenAI's "any"
            del given["seed"]
        return Sampling(**given)
    except (TypeError, ValueError) as error:
        raise EngineError(f"A sampling parameter won't do: {error}.") from error


def _role(message: Any) -> Any:
    role = message.get("role") if isinstance(message, Mapping) else None
    if role not in ("system", "user", "assistant"):
        raise EngineError(f"The role {role!r} is none of system, user, assistant.")
    return role


def _content(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    if not isinstance(content, str):
        raise EngineError("A message's content must be a text.")
    return content
