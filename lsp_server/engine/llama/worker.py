"""The thread that owns the llama contexts and shares its steps out among the generations."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from lsp_server.engine.llama.context import Aborted
from lsp_server.engine.llama.generation import Generation, Priority
from lsp_server.errors import EngineClosed

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Worker(threading.Thread):
    """Runs generations in turns: the newest typing first, then chats in the order they came, then
    what idle time is used for.

    A turn is one llama_decode for the generation that goes first; others that are past their prompt
    get their next tokens from the same decode. A prompt that is being read is interrupted for
    typing and goes on after it, so a keystroke waits for one decode step at most. A generation for
    which the KV cache has no room waits until another ends.
    """

    def __init__(self) -> None:
        super().__init__(name="llama", daemon=True)
        self._wake = threading.Condition()
        self._calls: list[Callable[[], None]] = []
        self._generations: list[tuple[Generation, Callable[[Exception], None]]] = []
        self._running: list[Generation] = []
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
            if generation.priority is Priority.TYPING:
                self._interrupt_reading(generation)
            self._wake.notify()

    def hasten(self, generation: Generation) -> None:
        """Somebody waits now for what was begun in idle time: it is typing from now on."""
        with self._wake:
            if generation.priority is Priority.BACKGROUND:
                generation.priority = Priority.TYPING
                self._interrupt_reading(generation)

    def cancel(self, generation: Generation) -> None:
        """End a generation: a running decode is aborted, a waiting one never starts."""
        with self._wake:
            generation.cancelled = True
            if generation in self._running:
                generation.context.abort()
            self._wake.notify()

    def stop(self) -> None:
        """End every generation and the thread, and wait for it."""
        with self._wake:
            self._closing = True
            for running in self._running:
                running.context.abort()
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

    def _interrupt_reading(self, waiting: Generation) -> None:
        """End what others read at the moment, so that the waiting one gets the next turn."""
        for running in self._running:
            if running.reading_prompt and running is not waiting:
                running.context.abort()

    def _turn(self) -> None:
        """One decode, for the generation that goes first and those that ride along."""
        with self._wake:
            self._drop_cancelled()
            if not self._generations:
                return
            first = self._first()
            self._running = [first, *self._riding_along(first)]
            first.context.clear_abort()
        try:
            with contextlib.suppress(Aborted):
                _step(self._running)
        except Exception as error:
            self._fail(first, error)
        with self._wake:
            self._running = []
            self._generations = [e for e in self._generations if not e[0].finished]

    def _first(self) -> Generation:
        """The generation whose turn it is. There is one: where none is under way, any can begin."""
        generations = [generation for generation, _ in self._generations]
        newest_first = reversed(generations)
        ordered = [
            *(g for g in newest_first if g.priority is Priority.TYPING),
            *(g for g in generations if g.priority is Priority.CHAT),
            *(g for g in generations if g.priority is Priority.BACKGROUND),
        ]
        return next(generation for generation in ordered if generation.can_step)

    def _riding_along(self, first: Generation) -> list[Generation]:
        """Those that want few more tokens from the same context: in one decode they cost little."""
        if first.priority is Priority.BACKGROUND:
            return []
        return [
            generation
            for generation, _ in self._generations
            if generation is not first
            and generation.context is first.context
            and generation.priority is not Priority.BACKGROUND
            and not generation.reading_prompt
        ]

    def _fail(self, failed: Generation, error: Exception) -> None:
        """End the generation that a turn was for; those that rode along try again."""
        _log.info("A generation failed: %s", type(error).__name__)
        failed.close()
        for generation, fail in self._generations:
            if generation is failed:
                fail(error)

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


def _step(generations: list[Generation]) -> None:
    """One llama_decode for the next tokens of all, the first with what room the others leave.

    Raises Aborted; the next step goes on from what was evaluated.
    """
    context = generations[0].context
    first, *others = generations
    room = context.n_batch - 1
    asking = [first]
    for generation in others:
        if generation.width <= room:
            asking.append(generation)
            room -= generation.width
    parts = first.next_parts(room + 1, 0 if asking[1:] else context.n_outputs - 1)
    for generation in asking[1:]:
        parts += generation.next_parts(generation.width)
    started = time.perf_counter()
    try:
        context.decode(parts)
    finally:
        elapsed = (time.perf_counter() - started) * 1000
        for generation in asking:
            generation.evaluated(elapsed)
    for generation in asking:
        generation.advance()
