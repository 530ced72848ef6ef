"""What goes into the log, and what never does."""

import asyncio
import json
import logging
import multiprocessing
import stat

import pytest

from lsp_server import log
from lsp_server.log import log_folder, set_level, start_logging, whereabouts

CODE = "def mine(): secret()"


@pytest.fixture(autouse=True)
def own_loggers(monkeypatch, tmp_path):
    """The handlers and levels of before come back."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    loggers = [logging.getLogger(name) for name in (*log._QUIET, log._OURS)]
    levels = [logger.level for logger in loggers]
    yield
    for handler in root.handlers:
        handler.close()
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "here" / "log"


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_is_a_json_object(file):
    start_logging("info", "serve", file, stderr=False)
    logging.getLogger("lsp_server.session").info("Loaded %s in\n%d s", "naïve", 3)
    (line,) = lines(file)
    assert line.pop("time").endswith("+00:00")
    assert line.pop("process") > 0
    assert line == {
        "level": "info",
        "logger": "lsp_server.session",
        "message": "Loaded naïve in\n3 s",
    }


def test_without_a_name_it_lies_in_the_state_folder_of_the_user_alone():
    start_logging("info", "engine", stderr=False)
    logging.getLogger("lsp_server.x").info("here")
    assert lines(log_folder() / "engine.log")[0]["message"] == "here"
    assert stat.S_IMODE(log_folder().stat().st_mode) == 0o700


def test_the_level_changes_while_it_runs(file):
    start_logging("warning", "serve", file, stderr=False)
    ours = logging.getLogger("lsp_server.x")
    ours.info("not yet")
    set_level("info")
    ours.info("now")
    set_level("error")
    ours.warning("no more")
    assert [line["message"] for line in lines(file)] == ["now"]


def failed_with_code():
    raise ValueError(CODE) from KeyError(CODE)


def log_what_quotes_code():
    """As pygls does where a handler fails, asyncio where nobody waited, and ours everywhere."""
    try:
        failed_with_code()
    except ValueError as error:
        logging.getLogger("pygls.protocol").exception("Failed %r: %s", "didOpen", {"text": CODE})
        logging.getLogger("lsp_server.handlers").exception("Loading failed")
        logging.getLogger("asyncio").error(f"Task exception\nfuture: {error!r}", exc_info=error)
        logging.getLogger("asyncio").error(f"Exception in callback put({CODE!r})")


@pytest.mark.parametrize("level", ["info", "warning"])
def test_no_code_above_debug(file, capsys, level):
    start_logging(level, "serve", file)
    log_what_quotes_code()
    told = file.read_text(encoding="utf-8")
    assert CODE not in told + capsys.readouterr().err
    pygls, ours, task, callback = lines(file)
    assert pygls["message"] == "Failed %r: %s"
    assert (task["message"], callback["message"]) == ("Task exception", "Exception in callback put")
    assert ours["error"].startswith("ValueError\n")
    assert "in failed_with_code" in ours["error"]
    assert "after KeyError" in ours["error"]


def test_everything_at_debug(file):
    start_logging("debug", "serve", file, stderr=False)
    log_what_quotes_code()
    pygls, ours, *_ = lines(file)
    assert CODE in pygls["message"]
    assert f"ValueError: {CODE}" in ours["error"]


def test_a_file_that_cannot_be_written_is_done_without(tmp_path, capsys):
    (tmp_path / "file").touch()
    start_logging("warning", "serve", tmp_path / "file" / "log")
    logging.getLogger("lsp_server.x").warning("still told")
    told = capsys.readouterr().err
    assert "There is no log file" in told
    assert "still told" in told


def test_it_is_kept_small(file, monkeypatch):
    monkeypatch.setattr(log, "_SIZE", 2000)
    start_logging("info", "serve", file, stderr=False)
    for number in range(200):
        logging.getLogger("lsp_server.x").info("line %d", number)
    kept = sorted(path.name for path in file.parent.iterdir())
    assert kept == ["log", "log.1", "log.2", "log.3"]
    assert all(path.stat().st_size <= 2000 for path in file.parent.iterdir())
    assert lines(file)[-1]["message"] == "line 199"


def write_lines(path, name):
    log._SIZE = 20_000
    start_logging("info", "serve", path, stderr=False)
    for number in range(100):
        logging.getLogger("lsp_server.x").info("%s %d", name, number)


def test_several_processes_write_to_one_file(file):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_lines, args=(file, name)) for name in "abc"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    every = [line["message"] for path in file.parent.iterdir() for line in lines(path)]
    for name in "abc":
        mine = [int(text.split()[1]) for text in every if text.startswith(name)]
        assert sorted(mine)[-1] == 99  # its last line is there, and every line is whole
    newest = file.stat().st_mtime
    assert newest >= max(path.stat().st_mtime for path in file.parent.iterdir())


def test_whereabouts_of_an_error_that_replaced_another():
    try:
        try:
            failed_with_code()
        except ValueError:
            raise asyncio.CancelledError(CODE) from None
    except asyncio.CancelledError as error:
        found = whereabouts(error)
    assert found.startswith("asyncio.exceptions.CancelledError\n  ")
    assert "ValueError" not in found


def test_a_cancelled_read_that_has_data_after_all_is_no_error(file):
    """What anyio does in waiting for a socket: a reader that is taken off a moment too late."""
    start_logging("info", "serve", file)

    async def race():
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        waiting.cancel()
        loop.call_soon(waiting.set_result, None)
        loop.call_soon(loop.create_future().result)
        await asyncio.sleep(0)

    asyncio.run(race())
    assert [line["message"] for line in lines(file)] == ["Exception in callback Future.result"]
