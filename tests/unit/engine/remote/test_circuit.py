"""When a server is left alone, and when it is tried again."""

import pytest

from lsp_server.engine.remote.circuit import Circuit
from lsp_server.errors import EngineGone

GONE = EngineGone("It is gone.", "Look for it.")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_circuit(clock):
    circuit = Circuit(clock)
    for _ in range(3):
        circuit.enter()
        circuit.failed(GONE)
    return circuit


def test_a_success_between_failures_keeps_it_closed(clock):
    circuit = Circuit(clock)
    for _ in range(9):
        circuit.enter()
        circuit.failed(GONE)
        circuit.enter()
        circuit.succeeded()
    assert circuit.closed


def test_three_failures_in_a_row_open_it_and_the_reason_is_told(open_circuit):
    assert not open_circuit.closed
    with pytest.raises(EngineGone, match="It is gone") as told:
        open_circuit.enter()
    assert told.value.hint == "Look for it."


def test_after_its_pause_one_request_may_try(open_circuit, clock):
    clock.now = 2.5
    open_circuit.enter()
    with pytest.raises(EngineGone):
        open_circuit.enter()
    open_circuit.succeeded()
    open_circuit.enter()
    assert open_circuit.closed


def test_each_failed_try_makes_the_pause_longer_up_to_a_minute(open_circuit, clock):
    pauses = []
    for _ in range(8):
        start = clock.now
        while True:
            try:
                open_circuit.enter()
                break
            except EngineGone:
                clock.now += 0.5
        pauses.append(clock.now - start)
        open_circuit.failed(GONE)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_try_that_was_cancelled_lets_the_next_one_try(open_circuit, clock):
    clock.now = 2.5
    open_circuit.enter()
    open_circuit.left()
    open_circuit.enter()
