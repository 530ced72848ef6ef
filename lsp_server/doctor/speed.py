"""Two seconds of generating with the model itself, beside what its memory allows."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace

from lsp_server.doctor.report import Finding, Section
from lsp_server.engine.protocol import Engine, InfillRequest, Usage
from lsp_server.errors import CodeLlamaError
from lsp_server.models.plan import LayerPlan

# Something that any model goes on with for as long as it is let.
_PREFIX = "# The numbers from one to a thousand.\nnumbers = [" + "".join(
    f"{number}, " for number in range(1, 30)
)
_SUFFIX = "]\nprint(len(numbers))\n"
_SECONDS = 2.0
_PATIENCE = 60.0  # for loading and all
_FEWEST = 8  # tokens that tell a speed


@dataclass(frozen=True)
class Measured:
    """Tokens a second: `prefill` of reading a prompt, `decode` of writing. None where the answer
    was too short to tell."""

    prefill: float | None
    decode: float | None


async def measured(engine: Engine, expected: float | None) -> Measured:
    """Have the engine write for about two seconds. Raises CodeLlamaError, TimeoutError."""
    tokens = min(256, max(2 * _FEWEST, int((expected or 20.0) * _SECONDS * 0.7)))
    async with asyncio.timeout(_PATIENCE):
        usage = await _usage(engine, InfillRequest(_PREFIX, _SUFFIX, tokens))
    evaluated = usage.prompt_tokens - usage.cached_tokens
    return Measured(
        _rate(evaluated, usage.prefill_ms), _rate(usage.generated_tokens, usage.decode_ms)
    )


async def _usage(engine: Engine, request: InfillRequest) -> Usage:
    """What the engine tells; where it tells no times, as servers elsewhere mostly don't, those at
    which the answer came."""
    usage, arrived = Usage(), []
    async with aclosing(engine.infill(request)) as stream:
        async for chunk in stream:
            usage = chunk.usage or usage
            if chunk.text:
                arrived.append(time.perf_counter())
    if usage.decode_ms or len(arrived) < 2:
        return usage
    after_first = (usage.generated_tokens or len(arrived)) - 1
    milliseconds = (arrived[-1] - arrived[0]) * 1000
    return replace(usage, generated_tokens=after_first, decode_ms=milliseconds)


def _rate(tokens: int, milliseconds: float) -> float | None:
    return tokens / milliseconds * 1000 if tokens >= _FEWEST and milliseconds > 0 else None


def speed_section(
    bandwidth: float,
    expected: float | None,
    found: "Measured | CodeLlamaError | TimeoutError | None",
    plan: LayerPlan | None,
    allocated: Sequence[tuple[str, str, int]],
) -> Section:
    """`found` is None where nothing was measured; `allocated` has place, kind and bytes of the
    buffers that llama.cpp reported."""
    findings = [Finding("main memory", f"copies {bandwidth / 1e9:.1f} GB a second")]
    data: dict[str, object] = {"bandwidth": bandwidth, "expected": expected}
    if isinstance(found, Measured):
        findings.append(_decode(found, expected))
        if found.prefill is not None:
            findings.append(Finding("reading", f"{found.prefill:.0f} tokens a second"))
        data |= {"measured": asdict(found)}
    elif isinstance(found, CodeLlamaError):
        findings.append(Finding("writing", found.message, "wrong", found.hint))
    elif found is not None:
        text = f"nothing came within {_PATIENCE:.0f} s"
        findings.append(Finding("writing", text, "wrong", "Is the machine very busy?"))
    if plan is not None and allocated:
        findings.append(_allocated(plan, allocated))
        data |= {"allocated": [list(buffer) for buffer in allocated]}
    return Section("speed", "Speed", tuple(findings), data)


def _decode(found: Measured, expected: float | None) -> Finding:
    if found.decode is None:
        return Finding("writing", "the model's answer was too short to tell", "note")
    text = f"{found.decode:.0f} tokens a second"
    if expected is None:
        return Finding("writing", text)
    share = found.decode / expected
    text += f", {share:.0%} of what the memory allows"
    if share < 0.25:
        hint = "Other programs may be using the processor; engine.n_threads sets the threads."
        return Finding("writing", text, "note", hint)
    return Finding("writing", text)


def _allocated(plan: LayerPlan, allocated: Sequence[tuple[str, str, int]]) -> Finding:
    """Weights in a layout of the processor's own are copies; their file's pages can go."""
    planned = plan.main.total + sum(need.total for need in plan.devices)
    copies = sum(size for place, _, size in allocated if place.endswith("_REPACK"))
    total = sum(size for _, _, size in allocated) - copies
    text = (
        f"llama.cpp reports {total / 2**20:,.0f} MiB, planned were {planned / 2**20:,.0f} "
        f"({planned / total - 1:+.1%})"
    )
    if copies:
        text += f"; and {copies / 2**20:,.0f} MiB of weights copied into a faster layout"
    return Finding("memory", text)
