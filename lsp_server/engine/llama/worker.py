"""The thread that owns the llama contexts and shares its steps out among the generations."""

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from lsp_server.engine.llama.context import Aborted
from lsp_server.engine.llama.generation import Generation, Priority
from lsp_server.errors import EngineClosed

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Worker(threading.Thread):
    """Runs generations in turns: the newest typing first, then chats in the order they came.

    A turn is one llama_decode. A prompt that is being read is interrupted for typing and goes on
    after it, so a keystroke waits for one decode step at most. A generation for which the KV cache
    has no room waits until another ends.
    """

    def __init__(self) -> None:
        super().__init__(name="llama", daemon=True)
        self._wake = threading.Condition()
        self._calls: list[Callable[[], None]] = []
        self._generations: list[tuple[Generation, Callable[[Exception], None]]] = []
        self._running: Generation | None = None
        self._closing = False

    def call(self, function: Callable[[], T]) -> "Future[T]":
        """Run a function on this thread, before any generation's next step."""
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except BaseException as error:
                    future.set_exception(error)

        with self._wake:
            self._calls.append(run)
            self._wake.notify()
        return future

    def submit(self, generation: Generation, fail: Callable[[Exception], None]) -> None:
        """Add a generation; `fail` is told the error that ends it, on this thread."""
        with self._wake:
            if self._closing:
                fail(EngineClosed("The engine was shut down."))
                return
            self._generations.append((generation, fail))
            running = self._running
            if running and running.reading_prompt and generation.plan.priority is Priority.TYPING:
                running.context.abort()
            self._wake.notify()

    def cancel(self, generation: Generation) -> None:
        """End a generation: a running decode is aborted, a waiting one never starts."""
        with self._wake:
            generation.cancelled = True
            if self._running is generation:
                generation.context.abort()
            self._wake.notify()

    def stop(self) -> None:
        """End every generation and the thread, and wait for it."""
        with self._wake:
            self._closing = True
            if self._running:
                self._running.context.abort()
            self._wake.notify()
        self.join()

    def run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._calls or self._generations or self._closing)
                if self._closing and not self._calls:
                    break
                calls, self._calls = self._calls, []
            for call in calls:
                call()
            self._turn()
        self._fail_all(EngineClosed("The engine was shut down."))

    def _turn(self) -> None:
        """One step of the generation that goes first."""
        with self._wake:
            self._drop_cancelled()
            if not self._generations:
                return
            generation, fail = self._first()
            self._running = generation
            generation.context.clear_abort()
        try:
            with contextlib.suppress(Aborted):
                generation.step()
        except Exception as error:
            _log.info("A generation failed: %s", type(error).__name__)
            generation.close()
            fail(error)
        with self._wake:
            self._running = None
            if generation.finished:
                self._remove(generation)

    def _first(self) -> tuple[Generation, Callable[[Exception], None]]:
        """The generation whose turn it is. There is one: where none is under way, any can begin."""
        typing = [e for e in reversed(self._generations) if e[0].plan.priority is Priority.TYPING]
        chats = [e for e in self._generations if e[0].plan.priority is Priority.CHAT]
        return next(entry for entry in (*typing, *chats) if entry[0].can_step)

    def _drop_cancelled(self) -> None:
        for generation, _ in list(self._generations):
            if generation.cancelled:
                generation.close()
                self._remove(generation)

    def _remove(self, generation: Generation) -> None:
        self._generations = [entry for entry in self._generations if entry[0] is not generation]

    def _fail_all(self, error: Exception) -> None:
        for generation, fail in self._generations:
            generation.close()
            fail(error)
        self._generations = []
