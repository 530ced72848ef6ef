"""Running the engine's process: one for an address, which only its owner can use."""

import asyncio
import signal
import socket
from collections.abc import Callable

import uvicorn

from lsp_server.config import Config
from lsp_server.engine.address import Address
from lsp_server.engine.host.app import create_app
from lsp_server.engine.host.clients import Clients
from lsp_server.engine.host.door import guarded
from lsp_server.engine.host.listen import listening
from lsp_server.engine.host.state import deaths_while_loading, smaller_after, write_state
from lsp_server.engine.protocol import Condition, Engine, Phase, Watchable
from lsp_server.locks import locked

# A client that is told why the models can't be loaded has read it by then.
_SECONDS_TO_TELL = 2.0


def run_engine(config: Config, address: Address, make_engine: Callable[[Config], Engine]) -> bool:
    """Serve until the last client has left for `engine.keep_alive`, or something stops it.

    False where another engine already holds the address: two that start at once end with one.
    """
    with locked(address.lock) as held:
        if not held:
            return False
        try:
            with listening(address) as (listener, token):
                asyncio.run(_serve(config, address, listener, token, make_engine))
        finally:
            address.state.unlink(missing_ok=True)
    return True


async def _serve(
    config: Config,
    address: Address,
    listener: socket.socket,
    token: str | None,
    make_engine: Callable[[Config], Engine],
) -> None:
    deaths = deaths_while_loading(address.state)
    write_state(address.state, "loading", deaths)
    config, notice = smaller_after(deaths, config)
    engine = make_engine(config)

    def stop() -> None:
        server.should_exit = True

    clients = Clients(config.engine.keep_alive, stop)
    if isinstance(engine, Watchable):
        engine.watch(clients.tell)
    app, routes = create_app(engine, clients, stop, notice)
    # Streams of attached clients never end by themselves, so the goodbye is short.
    server = uvicorn.Server(
        uvicorn.Config(
            guarded(app, token) if token else app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )

    async def load() -> None:
        try:
            await routes.loaded()
            write_state(address.state, "serving", 0)
            clients.tell(Condition(Phase.READY))
        except Exception as error:
            # Whoever asks is told; an engine without a model is of no further use.
            clients.tell(Condition(Phase.FAILED, message=str(error)))
            asyncio.get_running_loop().call_later(_SECONDS_TO_TELL, stop)

    # uvicorn raises what ended it once more after its goodbye; ours comes only then.
    for name in {"SIGTERM", "SIGBREAK"} & set(dir(signal)):
        signal.signal(getattr(signal, name), lambda *_: stop())
    clients.start()
    loading = asyncio.ensure_future(load())
    try:
        await server.serve(sockets=[listener])
    finally:
        loading.cancel()
        await engine.close()
