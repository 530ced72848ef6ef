"""`/metrics`: what was observed, in Prometheus' text format."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from lsp_server.engine.host.observed import KINDS, OUTCOMES, Latencies, Observed
from lsp_server.engine.protocol import Totals
from lsp_server.models.hardware import Device

CONTENT_TYPE = CONTENT_TYPE_LATEST


def metrics(
    observed: Observed,
    totals: Totals,
    clients: int,
    resident: int,
    devices: Sequence[Device],
    about: dict[str, str],
) -> bytes:
    """The page. `resident` is the process's memory in bytes, `about` its version and models."""
    registry = CollectorRegistry()
    registry.register(
        _Page(
            (
                InfoMetricFamily("codellama_engine", "The engine and its models.", value=about),
                *_requests(observed),
                *_tokens(observed, totals),
                *_latencies(observed),
                _gauge("codellama_clients", "Language servers attached.", clients),
                *_memory(resident, devices),
            )
        )
    )
    return bytes(generate_latest(registry))


class _Page:
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _requests(observed: Observed) -> Iterator[Metric]:
    served = CounterMetricFamily(
        "codellama_requests", "Requests that have ended.", labels=("kind", "outcome")
    )
    for kind in KINDS:
        for outcome in OUTCOMES:
            served.add_metric((kind, outcome), observed.outcomes[kind, outcome])
    yield served
    queue = GaugeMetricFamily(
        "codellama_requests_open",
        "Requests under way: waiting for their first token, or answering.",
        labels=("state",),
    )
    queue.add_metric(("waiting",), observed.waiting)
    queue.add_metric(("answering",), observed.answering)
    yield queue


def _tokens(observed: Observed, totals: Totals) -> Iterator[Metric]:
    work = CounterMetricFamily(
        "codellama_tokens", "Tokens computed, cancelled requests included.", labels=("what",)
    )
    work.add_metric(("evaluated",), totals.evaluated)
    work.add_metric(("generated",), totals.generated)
    yield work
    prompts = CounterMetricFamily(
        "codellama_prompt_tokens",
        "Tokens of answered prompts, by where they came from.",
        labels=("source",),
    )
    prompts.add_metric(("cache",), observed.cached_tokens)
    prompts.add_metric(("evaluated",), observed.evaluated_tokens)
    yield prompts
    yield CounterMetricFamily("codellama_prompts", "Prompts answered.", value=observed.prompts)
    yield CounterMetricFamily(
        "codellama_cache_hits",
        "Prompts answered of which at least half was in the KV cache.",
        value=observed.hits,
    )


def _latencies(observed: Observed) -> Iterator[Metric]:
    for name, what, found in (
        ("codellama_first_token_seconds", "From request to first token", observed.first_token),
        ("codellama_answer_seconds", "From request to last token", observed.answer),
    ):
        family = Metric(name, f"{what}; quantiles of the last thousand.", "summary")
        for kind, latencies in found.items():
            _add_summary(family, name, kind, latencies)
        yield family


def _add_summary(family: Metric, name: str, kind: str, latencies: Latencies) -> None:
    for quantile, seconds in latencies.quantiles().items():
        family.add_sample(name, {"kind": kind, "quantile": f"{quantile:g}"}, seconds)
    family.add_sample(f"{name}_sum", {"kind": kind}, latencies.sum)
    family.add_sample(f"{name}_count", {"kind": kind}, latencies.count)


def _memory(resident: int, devices: Sequence[Device]) -> Iterator[Metric]:
    yield _gauge("codellama_resident_memory_bytes", "Memory of the engine's process.", resident)
    for what in ("free", "total"):
        family = GaugeMetricFamily(
            f"codellama_device_memory_{what}_bytes",
            f"Memory, {what}.",
            labels=("device",),
        )
        for device in devices:
            family.add_metric((device.name,), getattr(device, what))
        yield family


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)
