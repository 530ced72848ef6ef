"""An engine's beginning and end: files that can't be loaded, and shutting down at any moment."""

import asyncio

import pytest

from lsp_server.config import Models
from lsp_server.engine.protocol import Role
from lsp_server.errors import (
    EngineClosed,
    ModelLoadError,
    ModelMissing,
    NotCapable,
    NotEnoughMemory,
    UnknownModel,
)
from lsp_server.models import memory
from tests.unit.engine.conftest import chat, collect, infill, text_of


@pytest.fixture
def file(tmp_path, tiny_path):
    """`file(name, content)`: a model file that is no model, or part of one."""

    def written(name, change):
        path = tmp_path / name
        path.write_bytes(change(tiny_path.read_bytes()))
        return str(path)

    return written


async def failure(engine, kind):
    """The same error for whoever asks."""
    for ask in (
        engine.ready(),
        engine.count_tokens(Role.INFILL, ["x"]),
        collect(engine.infill(infill())),
        collect(engine.chat(chat())),
    ):
        with pytest.raises(kind) as caught:
            await ask
    return caught.value


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda _: b"not a model at all" * 100,
        lambda whole: whole[:1000],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-4],
        lambda whole: whole.replace(b"attn_q", b"attn_Q"),
        lambda whole: whole.replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0lalma"),
    ],
    ids=["empty", "garbage", "header", "half", "end", "tensors", "architecture"],
)
async def test_file_that_is_no_whole_model(start, file, tiny_path, change):
    broken = file("broken.gguf", change)
    for models in (Models(broken, broken), Models(str(tiny_path), broken)):
        error = await failure(start(models), ModelLoadError)
        assert "broken.gguf" in error.message


async def test_file_that_is_not_there(start, tmp_path):
    path = str(tmp_path / "nowhere.gguf")
    error = await failure(start(Models(path, path)), UnknownModel)
    assert path in error.message


async def test_model_that_was_not_pulled(start, tmp_path, monkeypatch):
    monkeypatch.setenv("CODELLAMA_LSP_MODELS", str(tmp_path))
    error = await failure(start(Models("codellama-7b", "codellama-7b")), ModelMissing)
    assert "models pull codellama-7b" in error.hint


async def test_model_that_can_not_infill(start, file, tiny_path):
    """As models.infill it is refused; as models.instruct it serves."""
    python = file("codellama-7b-python.Q4_K_M.gguf", lambda whole: whole)
    error = await failure(start(Models(python, str(tiny_path))), NotCapable)
    assert "codellama-7b" in error.hint
    assert await text_of(start(Models(str(tiny_path), python)).chat(chat()))


async def test_too_little_memory(start, monkeypatch):
    monkeypatch.setattr(memory.MemoryNeed, "total", 2**60)
    await failure(start(), NotEnoughMemory)


async def test_a_refused_model_is_freed(start, tiny_path, file, monkeypatch):
    """The server lives on, and may load another one."""
    from lsp_server.engine.llama.model import LlamaModel

    closed = []
    close = LlamaModel.close
    monkeypatch.setattr(
        LlamaModel, "close", lambda model: closed.append(model.name) or close(model)
    )
    broken = file("broken.gguf", lambda whole: whole[:-4])
    await failure(start(Models(str(tiny_path), broken)), ModelLoadError)
    assert closed == [tiny_path.name]


async def test_closed_while_it_generates(engine, gate):
    await engine.ready()
    stop = gate.stop_at(3)
    answering = asyncio.create_task(collect(engine.chat(chat(max_tokens=200))))
    await stop.reached()
    waiting = asyncio.create_task(collect(engine.chat(chat("Another?"))))
    await gate.submitted(2)
    closing = asyncio.create_task(engine.close())
    await asyncio.sleep(0)
    stop.open()
    for task in (answering, waiting):
        with pytest.raises(EngineClosed):
            await task
    await closing


async def test_closed_engine_answers_nothing(engine):
    await engine.ready()
    await engine.close()
    await failure(engine, EngineClosed)
    await engine.close()


async def test_closed_while_it_loads(start):
    engine = start()
    asking = asyncio.create_task(text_of(engine.infill(infill())))
    await asyncio.sleep(0)
    await engine.close()
    with pytest.raises(EngineClosed):
        await asking


async def test_closed_after_it_failed_to_load(start, tmp_path):
    path = str(tmp_path / "nowhere.gguf")
    engine = start(Models(path, path))
    await engine.close()
    await failure(engine, UnknownModel)
