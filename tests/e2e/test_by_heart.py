"""From a document with a hole to the whole document: a real editor, server, engine and llama.cpp,
with the model that knows its examples by heart (tests/memory_model)."""

from pathlib import Path

import pytest

from lsp_server.config import EngineSettings
from lsp_server.engine.llama.model import LlamaModel
from tests.e2e.editor import running_editor
from tests.memory_model.examples import EXAMPLES
from tests.memory_model.sequences import splits_token

BY_HEART = Path(__file__).parents[1] / "data" / "code-llama-by-heart.gguf"


def takes_keys(place):
    """Whether what is missing takes more than one key: less is not suggested."""
    missing = place.whole[len(place.prefix) : len(place.whole) - len(place.suffix)].strip()
    return len(missing) > 1 or not missing.isascii()


PLACES = [p for example in EXAMPLES for p in example.places() if takes_keys(p)]


def options(**infill):
    return {
        "models": {"infill": str(BY_HEART), "instruct": str(BY_HEART)},
        "engine": {"n_ctx": 512, "n_gpu_layers": 0, "n_threads": 1},
        "completion": {"max_tokens": 48},
        "infill": infill,
    }


async def documents(places, newline="\n", **infill):
    """The document that each place's becomes when its suggestion is accepted."""
    async with running_editor(options=options(**infill)) as editor:
        await editor.until_loaded()
        return [await _accepted(editor, i, place, newline) for i, place in enumerate(places)]


async def _accepted(editor, number, place, newline):
    uri = f"file:///project/{number}.txt"
    text = (place.prefix + place.suffix).replace("\n", newline)
    editor.open(uri, text, place.language)
    line, column = _position(place.prefix)
    result = await editor.complete(uri, line, column)
    if result is None:
        return text
    (item,) = result.items
    return _replaced(text, item.range, item.insert_text)


def _position(prefix):
    """Line and UTF-16 column of the prefix's end."""
    return prefix.count("\n"), len(prefix.rpartition("\n")[2].encode("utf-16-le")) // 2


def _replaced(text, span, new):
    """The text with a range of one line replaced."""
    lines = text.split("\n")
    assert span.start.line == span.end.line
    line = lines[span.start.line].encode("utf-16-le")
    before, after = line[: 2 * span.start.character], line[2 * span.end.character :]
    lines[span.start.line] = before.decode("utf-16-le") + new + after.decode("utf-16-le")
    return "\n".join(lines)


@pytest.mark.parametrize("infill", [{}, {"order": "psm"}], ids=["defaults", "psm"])
async def test_every_document_becomes_whole(infill):
    wholes = await documents(PLACES, **infill)
    assert wholes == [place.whole for place in PLACES]


async def test_with_line_ends_of_windows():
    wholes = await documents(PLACES, newline="\r\n")
    assert wholes == [place.whole.replace("\n", "\r\n") for place in PLACES]


async def test_without_healing_words_break():
    model = LlamaModel(BY_HEART, EngineSettings(), vocab_only=True)
    inside = [place for place in PLACES if splits_token(place, model.vocab)]
    between = [place for place in PLACES if place not in inside]
    model.close()
    got = await documents([*between, *inside], order="spm", healing="off")
    assert got[: len(between)] == [place.whole for place in between]
    whole = sum(a == b.whole for a, b in zip(got[len(between) :], inside, strict=True))
    print(f"inside tokens: {whole} of {len(inside)} documents whole without healing, all with it")
    assert whole < len(inside)
