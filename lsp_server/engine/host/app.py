"""The engine's HTTP: one short handler for each route, named after what llama-server calls it."""

import logging
import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, get_args

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lsp_server import __version__
from lsp_server.config import LogLevel
from lsp_server.engine import wire
from lsp_server.engine.host.clients import Clients
from lsp_server.engine.host.observed import Kind, Observed
from lsp_server.engine.host.streaming import Events, event_stream, whole
from lsp_server.engine.protocol import Chunk, Engine, EngineInfo, Hastens, Role, Totals
from lsp_server.errors import CodeLlamaError, EngineError
from lsp_server.log import set_level
from lsp_server.models.hardware import Device

_log = logging.getLogger(__name__)


def create_app(
    engine: Engine, clients: Clients, stop: Callable[[], None], notice: str = ""
) -> tuple[Starlette, "Routes"]:
    """The application over one engine, and its handlers; `stop` ends the process, `notice` is told
    to every client beside the engine's own."""
    routes = Routes(engine, clients, stop, notice)
    app = Starlette(
        routes=[
            Route("/health", routes.health),
            Route("/props", routes.props),
            Route("/status", routes.status),
            Route("/metrics", routes.metrics),
            Route("/attach", routes.attach),
            Route("/shutdown", routes.shutdown, methods=["POST"]),
            Route("/log", routes.log, methods=["POST"]),
            Route("/tokenize", routes.tokenize, methods=["POST"]),
            Route("/infill", routes.infill, methods=["POST"]),
            Route("/hasten", routes.hasten, methods=["POST"]),
            Route("/v1/models", routes.models),
            Route("/v1/completions", routes.completions, methods=["POST"]),
            Route("/v1/chat/completions", routes.chat, methods=["POST"]),
        ],
        exception_handlers={CodeLlamaError: _told},
    )
    return app, routes


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, CodeLlamaError)
    return JSONResponse(wire.error_json(error), status_code=400)


class Routes:
    """The handlers. A model that is still loading makes requests wait for it."""

    def __init__(
        self, engine: Engine, clients: Clients, stop: Callable[[], None], notice: str
    ) -> None:
        self._engine = engine
        self._notice = notice
        self._clients = clients
        self._stop = stop
        self._started = time.time()
        self._observed = Observed()
        self._info: EngineInfo | None = None

    async def health(self, request: Request) -> Response:
        """llama-server's answer: 503 while the model loads."""
        if self._info is None:
            error = {"code": 503, "message": "Loading model", "type": "unavailable_error"}
            return JSONResponse({"error": error}, status_code=503)
        return JSONResponse({"status": "ok"})

    async def loaded(self) -> EngineInfo:
        """Wait for the models. Raises ModelError."""
        info = await self._engine.ready()
        notices = filter(None, [self._notice, info.notice])
        self._info = replace(info, notice=" ".join(notices))
        return self._info

    async def props(self, request: Request) -> Response:
        """What is loaded; waits until it is."""
        return JSONResponse(wire.info_json(await self.loaded()))

    async def status(self, request: Request) -> Response:
        """For `codellama-lsp engine status`."""
        import psutil

        info = self._info
        totals = await self._engine.totals() if info else Totals()
        return JSONResponse(
            {
                "version": __version__,
                "pid": os.getpid(),
                "state": "ready" if info else "loading",
                "models": info and {"infill": info.infill_model, "instruct": info.instruct_model},
                "clients": self._clients.attached,
                "requests": self._clients.busy - self._clients.attached,
                "tokens": vars(totals),
                "memory": psutil.Process().memory_info().rss,
                "uptime": round(time.time() - self._started),
                **self._observed.as_json(),
            }
        )

    async def metrics(self, request: Request) -> Response:
        """For Prometheus."""
        import psutil

        from lsp_server.engine.host.metrics import CONTENT_TYPE, metrics

        info = self._info
        about = {"version": __version__}
        devices: list[Device] = []
        if info:
            about |= {"infill_model": info.infill_model, "instruct_model": info.instruct_model}
        if info and info.gpu:
            from lsp_server.engine.llama.devices import offload_devices

            devices = offload_devices()
        page = metrics(
            self._observed,
            await self._engine.totals() if info else Totals(),
            self._clients.attached,
            psutil.Process().memory_info().rss,
            devices,
            about,
        )
        return Response(page, headers={"Content-Type": CONTENT_TYPE})

    async def attach(self, request: Request) -> Response:
        return event_stream(self._clients.attach())

    async def shutdown(self, request: Request) -> Response:
        self._stop()
        return JSONResponse({"stopping": True})

    async def log(self, request: Request) -> Response:
        """Ours: the level of the engine's log, from now on."""
        level = (await _json(request)).get("level")
        if level not in get_args(LogLevel):
            raise EngineError(f"level must be one of {', '.join(get_args(LogLevel))}.")
        set_level(str(level))
        _log.info("The log's level is %s", level)
        return JSONResponse({"level": level})

    async def tokenize(self, request: Request) -> Response:
        """llama-server's, and ours beside: a list of texts, or messages, gives counts."""
        body = await _json(request)
        with self._clients.using():
            if "messages" in body:
                count = await self._engine.count_chat_tokens(wire.messages(body))
                return JSONResponse({"count": count})
            role, texts = _texts_to_count(body)
            return JSONResponse({"counts": await self._engine.count_tokens(role, texts)})

    async def infill(self, request: Request) -> Response:
        body = await _json(request)
        asked = wire.infill_request(body)
        kind: Kind = "background" if asked.background else "infill"
        events = self._events(self._engine.infill(asked), kind, wire.infill_event)
        if body.get("stream"):
            return event_stream(events)
        return whole(events, _joined_infill)

    async def hasten(self, request: Request) -> Response:
        """Ours: somebody waits now for the `background` request of this name."""
        name = (await _json(request)).get("background")
        if isinstance(self._engine, Hastens):
            await self._engine.hasten(str(name))
        return JSONResponse({})

    async def completions(self, request: Request) -> Response:
        """OpenAI's completions; with a suffix it infills, as OpenAI's does."""
        body = await _json(request)
        prompt = body.get("prompt", "")
        if not isinstance(prompt, str):
            raise EngineError("prompt must be a text.")
        asked = {
            **body,
            "prompt": "",
            "input_prefix": prompt,
            "input_suffix": body.get("suffix") or "",
            "n_predict": body.get("max_tokens", 16),
        }
        info = await self.loaded()

        def event(chunk: Chunk) -> dict[str, Any]:
            as_chat = wire.chat_event(chunk, info.infill_model)
            choice = as_chat["choices"][0]
            choice["text"] = choice.pop("delta")["content"]
            return as_chat | {"object": "text_completion"}

        events = self._events(self._engine.infill(wire.infill_request(asked)), "infill", event)
        if body.get("stream"):
            return event_stream(events, last="[DONE]")
        return whole(events, _joined_completion)

    async def chat(self, request: Request) -> Response:
        body = await _json(request)
        info = await self.loaded()
        events = self._events(
            self._engine.chat(wire.chat_request(body)),
            "chat",
            lambda chunk: wire.chat_event(chunk, info.instruct_model),
        )
        if body.get("stream"):
            return event_stream(events, last="[DONE]")
        return whole(events, _joined_chat)

    async def models(self, request: Request) -> Response:
        info = await self.loaded()
        names = dict.fromkeys([info.infill_model, info.instruct_model])
        data = [{"id": name, "object": "model", "owned_by": "codellama-lsp"} for name in names]
        return JSONResponse({"object": "list", "data": data})

    async def _events(
        self,
        stream: AsyncGenerator[Chunk, None],
        kind: Kind,
        event: Callable[[Chunk], dict[str, Any]],
    ) -> Events:
        with self._clients.using():
            async with aclosing(self._observed.follow(stream, kind)) as chunks:
                async for chunk in chunks:
                    yield event(chunk)


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise EngineError(f"The request is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise EngineError("The request must be a JSON object.")
    return body


def _texts_to_count(body: dict[str, Any]) -> tuple[Role, list[str]]:
    content = body.get("content", "")
    texts = [content] if isinstance(content, str) else content
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise EngineError("content must be a text or a list of texts.")
    try:
        return Role(body.get("role", Role.INFILL)), texts
    except ValueError as error:
        roles = " or ".join(role.value for role in Role)
        raise EngineError(f"role must be {roles}.") from error


def _joined_infill(events: list[dict[str, Any]]) -> dict[str, Any] | list[dict[str, Any]]:
    """One answer, or as llama-server has it a list of the alternatives that were asked for."""
    apart: dict[int, list[dict[str, Any]]] = {}
    for event in events:
        apart.setdefault(event["index"], []).append(event)
    answers = [
        ours[-1] | {"content": "".join(event["content"] for event in ours)}
        for _, ours in sorted(apart.items())
    ]
    return answers if len(answers) > 1 else answers[0]


def _joined_completion(events: list[dict[str, Any]]) -> dict[str, Any]:
    text = "".join(event["choices"][0]["text"] for event in events)
    last = events[-1]
    return last | {"choices": [last["choices"][0] | {"text": text}]}


def _joined_chat(events: list[dict[str, Any]]) -> dict[str, Any]:
    text = "".join(event["choices"][0]["delta"]["content"] for event in events)
    last = events[-1]
    choice = {key: value for key, value in last["choices"][0].items() if key != "delta"}
    message = {"role": "assistant", "content": text}
    return last | {"object": "chat.completion", "choices": [choice | {"message": message}]}
