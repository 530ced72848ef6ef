"""The loading of the models' files, in percent."""

import asyncio

from lsp_server.config import Models
from lsp_server.engine.llama.progress import Progress
from lsp_server.engine.protocol import Condition, Phase


def test_two_files_are_one_loading_and_each_percentage_is_told_once(tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"-" * 100)
    large.write_bytes(b"-" * 300)
    told = []
    progress = Progress([small, large], told.append)
    for path, part in [(small, 0), (small, 0.5), (small, 0.51), (small, 1), (large, 0.5)]:
        progress.of(path)(part)
    assert told == [0, 12, 25, 62]


def test_a_file_for_both_roles_is_one(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"-")
    told = []
    Progress([path, path], told.append).of(path)(1)
    assert told == [100]


async def test_an_engine_tells_while_it_loads(start, tiny_path, tmp_path):
    other = tmp_path / "other.gguf"
    other.symlink_to(tiny_path)
    engine, told = start(Models(str(tiny_path), str(other))), []
    engine.watch(told.append)
    await engine.ready()
    await asyncio.sleep(0)
    percentages = [condition.percentage for condition in told]
    assert percentages == sorted(set(percentages))
    assert percentages[-1] == 100
    assert set(told) == {Condition(Phase.LOADING, p) for p in percentages}
