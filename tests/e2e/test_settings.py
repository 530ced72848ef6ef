"""Settings from the editor and from the user's file, in a running server."""

from lsprotocol import types

from tests.e2e.editor import running_editor

URI = "file:///project/a.py"
TEXT = "x = \n"


async def test_an_unknown_key_is_told_once_and_the_rest_works(script):
    options = {"completion": {"max_token": 5}}
    async with running_editor(*script(infills=["12"]), options=options) as editor:
        await editor.until_loaded()
        (message,) = editor.messages
        assert "completion.max_token" in message.message
        assert "max_tokens" in message.message
        editor.open(URI, TEXT)
        assert (await editor.suggestion(URI, 0, 4)).insert_text == "12"


async def test_a_broken_file_is_told_with_its_line(script, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("engine:\n  n_ctx: many\n  kind: in-process\n", encoding="utf-8")
    async with running_editor(*script(infills=["12"]), "--config", str(file)) as editor:
        await editor.until_loaded()
        (message,) = editor.messages
        assert f"{file}, line 2: engine.n_ctx: 'many' is not a whole number" in message.message


async def test_changes_apply_live(script):
    async with running_editor(*script(infills=["12"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        assert await editor.complete(URI, 0, 4) is not None
        _configure(editor, {"codellama": {"completion": {"enabled": False}}})
        assert await editor.complete(URI, 0, 4) is None
        _configure(editor, {"codellama": {"completion": {"languages_off": ["rust"]}}})
        assert await editor.complete(URI, 0, 4) is not None
        _configure(editor, {"codellama": {"files": {"exclude": ["project/"]}}})
        assert await editor.complete(URI, 0, 4) is None


async def test_a_bad_change_changes_nothing(script):
    async with running_editor(*script(infills=["12"])) as editor:
        await editor.until_loaded()
        editor.open(URI, TEXT)
        _configure(editor, {"completion": {"enabled": "no"}})
        assert await editor.complete(URI, 0, 4) is not None
        assert "completion.enabled" in editor.messages[0].message


def _configure(editor, settings):
    editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
