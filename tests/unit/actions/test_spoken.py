"""The language that answers are written in."""

import pytest

from lsp_server.actions.spoken import spoken_language


@pytest.mark.parametrize(
    ("setting", "locale", "language"),
    [
        ("auto", "", "English"),
        ("auto", "en-GB", "English"),
        ("auto", "de", "German"),
        ("auto", "de_AT.UTF-8", "German"),
        ("auto", "pt-BR", "Portuguese"),
        ("auto", "zh-Hans-CN", "Chinese"),
        ("auto", "tlh", "English"),
        ("auto", "C", "English"),
        ("fr", "de", "French"),
        ("German", "fr", "German"),
        ("german", "", "German"),
        ("Swiss German", "", "Swiss German"),
        ("English", "de", "English"),
        ("en", "de", "English"),
        ("", "de", "German"),
    ],
)
def test_spoken_language(setting, locale, language):
    assert spoken_language(setting, locale) == language
