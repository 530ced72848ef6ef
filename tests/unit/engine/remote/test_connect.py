"""The way to the server: which url, whose certificate, whose key."""

import ssl

import pytest
import trustme
from click.testing import CliRunner

from lsp_server.cli.engine_key import key
from lsp_server.config import EngineSettings
from lsp_server.config_sources import Source, merge, read_file
from lsp_server.engine.remote.connect import on_this_machine, url_of
from lsp_server.engine.remote.key import find_key, remove_key, store_key
from lsp_server.errors import ConfigError, EngineError, EngineGone
from tests.scripted_server import MODELS, serving


@pytest.mark.parametrize(
    ("kind", "url", "found"),
    [
        ("llama-server", "", "http://127.0.0.1:8080"),
        ("ollama", "", "http://127.0.0.1:11434"),
        ("vllm", "https://gpu.example.org/v1/", "https://gpu.example.org"),
        ("openai", "http://10.0.0.1:8000/serve/v1", "http://10.0.0.1:8000/serve"),
    ],
)
def test_urls(kind, url, found):
    assert url_of(EngineSettings(kind=kind, url=url)) == found


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "there is none"),
        ("gpu.example.org:8000", "no http"),
        ("ftp://gpu.example.org", "no http"),
        ("https://me:hunter2@gpu.example.org", "more in it than a place"),
        ("https://gpu.example.org/?key=hunter2", "more in it than a place"),
    ],
)
def test_urls_that_wont_do(url, message):
    with pytest.raises(ConfigError, match=message) as told:
        url_of(EngineSettings(kind="openai", url=url))
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost", True),
        ("http://10.0.0.1", False),
        ("https://localhost.example.org", False),
    ],
)
def test_what_is_on_this_machine(url, here):
    assert on_this_machine(url) is here


def test_only_the_users_own_file_sets_the_url(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("engine: {kind: vllm, url: 'http://10.0.0.1:8000'}\n", encoding="utf-8")
    assert merge(read_file(file)).engine.url == "http://10.0.0.1:8000"
    with pytest.raises(ConfigError, match=r"the editor.*engine.url.*only your own settings file"):
        merge(Source("the editor", {"engine": {"url": "http://10.0.0.2"}}))


@pytest.fixture
def authority(tmp_path):
    """A certificate authority of our own, and a server's context with its certificate."""
    authority = trustme.CA()
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return path, context


async def test_a_certificate_of_an_authority_that_is_trusted(engine_at, authority, monkeypatch):
    path, context = authority
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    async with (
        serving({"/v1/models": [MODELS]}, tls=context) as there,
        engine_at(there.url) as engine,
    ):
        assert (await engine.ready()).family == "qwen2.5-coder"


async def test_any_other_certificate_is_refused(engine_at, authority, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with serving({"/v1/models": [MODELS]}, tls=authority[1]) as there:
        async with engine_at(there.url) as engine:
            with pytest.raises(EngineGone, match="CERTIFICATE_VERIFY_FAILED"):
                await engine.ready()
        assert not there.asked


class Keyring:
    """keyring's functions over a dictionary."""

    def __init__(self):
        self.stored = {}

    def get_password(self, service, name):
        return self.stored.get((service, name))

    def set_password(self, service, name, value):
        self.stored[service, name] = value

    def delete_password(self, service, name):
        from keyring.errors import PasswordDeleteError

        if self.stored.pop((service, name), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def own_keyring(monkeypatch):
    import keyring

    fake = Keyring()
    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, getattr(fake, name))
    return fake


def test_a_stored_key_is_of_one_server(own_keyring):
    store_key("https://a.example.org", "s3cret")
    found = find_key("https://a.example.org")
    assert (found.value, found.origin) == ("s3cret", "keyring")
    assert "s3cret" not in repr(found)
    assert find_key("https://b.example.org") is None
    assert remove_key("https://a.example.org")
    assert not remove_key("https://a.example.org")


def test_the_environment_goes_before_the_keyring(own_keyring, monkeypatch):
    store_key("https://a.example.org", "stored")
    monkeypatch.setenv("CODELLAMA_API_KEY", " given ")
    assert find_key("https://a.example.org").value == "given"


@pytest.mark.parametrize("kind", ["vllm", "shared"])
def test_the_command_stores_the_key_of_the_settings_server(
    own_keyring, monkeypatch, tmp_path, kind
):
    file = tmp_path / "config.yaml"
    file.write_text(f"engine: {{kind: {kind}, url: 'https://a.example.org/v1'}}", encoding="utf-8")
    monkeypatch.setenv("CODELLAMA_LSP_CONFIG", str(file))
    result = CliRunner().invoke(key, input="s3cret\n")
    if kind == "shared":
        assert isinstance(result.exception, ConfigError)
        return
    assert result.output == "Stored the key for https://a.example.org.\n"
    assert find_key("https://a.example.org").value == "s3cret"
    assert CliRunner().invoke(key, ["--remove"]).output == "Forgotten.\n"
    assert CliRunner().invoke(key, ["--remove"]).output.startswith("There is no key")
    assert CliRunner().invoke(key, input="\n").exit_code == 2


def test_without_a_keyring_there_is_no_key_and_storing_says_what_to_do(monkeypatch):
    import keyring
    from keyring.backends.fail import Keyring as NoKeyring

    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    try:
        assert find_key("https://a.example.org") is None
        with pytest.raises(EngineError, match="CODELLAMA_API_KEY"):
            store_key("https://a.example.org", "x")
    finally:
        keyring.set_keyring(before)
