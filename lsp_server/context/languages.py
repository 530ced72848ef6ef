"""The languages whose syntax is known: one row each, and how a document finds its row.

A grammar is a wheel of its own. Importing one takes about 10 ms, so it waits for the first file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import tree_sitter


@dataclass(frozen=True)
class Language:
    """What has to be known of a language to show a part of a file in it.

    `ids` are the protocol's language ids, `extensions` serve where an editor sends another one.
    `elided` stands for the body of a definition that is left out; the text still parses with it.
    `comment` begins a comment and `end` ends it, where the line's end does not.
    """

    name: str
    ids: tuple[str, ...]
    extensions: tuple[str, ...]
    comment: str
    elided: str
    wheel: str
    function: str = "language"
    end: str = ""

    def comment_line(self, text: str) -> str:
        return f"{self.comment} {text}{self.end}"

    def grammar(self) -> tree_sitter.Language:
        """The compiled grammar, loaded at the first call."""
        return _grammar(self.wheel, self.function)


@cache
def _grammar(wheel: str, function: str) -> tree_sitter.Language:
    return tree_sitter.Language(getattr(import_module(wheel), function)())


_BRACES = "{ /* ... */ }"
_JS_EXTENSIONS = (".js", ".mjs", ".cjs", ".jsx")
_TS = "tree_sitter_typescript"

LANGUAGES = (
    Language("python", ("python",), (".py", ".pyi", ".pyw"), "#", "...", "tree_sitter_python"),
    Language(
        "javascript",
        ("javascript", "javascriptreact"),
        _JS_EXTENSIONS,
        "//",
        _BRACES,
        "tree_sitter_javascript",
    ),
    Language(
        "typescript",
        ("typescript",),
        (".ts", ".mts", ".cts"),
        "//",
        _BRACES,
        _TS,
        "language_typescript",
    ),
    Language("tsx", ("typescriptreact",), (".tsx",), "//", _BRACES, _TS, "language_tsx"),
    Language("c", ("c",), (".c", ".h"), "//", _BRACES, "tree_sitter_c"),
    Language(
        "cpp",
        ("cpp", "c++"),
        (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".ipp"),
        "//",
        _BRACES,
        "tree_sitter_cpp",
    ),
    Language("go", ("go",), (".go",), "//", _BRACES, "tree_sitter_go"),
    Language("rust", ("rust",), (".rs",), "//", _BRACES, "tree_sitter_rust"),
    Language("java", ("java",), (".java",), "//", _BRACES, "tree_sitter_java"),
    Language("csharp", ("csharp", "cs"), (".cs", ".csx"), "//", _BRACES, "tree_sitter_c_sharp"),
    Language("ruby", ("ruby",), (".rb", ".rake", ".gemspec"), "#", "# ...", "tree_sitter_ruby"),
    Language("php", ("php",), (".php",), "//", _BRACES, "tree_sitter_php", "language_php"),
    Language(
        "bash",
        ("shellscript", "sh", "bash", "zsh"),
        (".sh", ".bash", ".zsh"),
        "#",
        "{ : ...; }",
        "tree_sitter_bash",
    ),
    Language("lua", ("lua", "luau"), (".lua",), "--", "-- ...", "tree_sitter_lua"),
    Language("kotlin", ("kotlin",), (".kt", ".kts"), "//", _BRACES, "tree_sitter_kotlin"),
    Language("swift", ("swift",), (".swift",), "//", _BRACES, "tree_sitter_swift"),
    Language("scala", ("scala",), (".scala", ".sbt"), "//", _BRACES, "tree_sitter_scala"),
    Language("haskell", ("haskell",), (".hs",), "--", "undefined", "tree_sitter_haskell"),
    Language("sql", ("sql",), (".sql",), "--", "", "tree_sitter_sql"),
    Language("html", ("html",), (".html", ".htm"), "<!--", "", "tree_sitter_html", end=" -->"),
    Language("css", ("css",), (".css",), "/*", "", "tree_sitter_css", end=" */"),
    Language("json", ("json", "jsonc"), (".json", ".jsonc"), "//", "", "tree_sitter_json"),
    Language("yaml", ("yaml", "dockercompose"), (".yaml", ".yml"), "#", "", "tree_sitter_yaml"),
    Language("toml", ("toml",), (".toml",), "#", "", "tree_sitter_toml"),
)


def _index(pairs: Iterable[tuple[tuple[str, ...], Language]]) -> dict[str, Language]:
    return {key: language for keys, language in pairs for key in keys}


_BY_ID = _index((language.ids, language) for language in LANGUAGES)
_BY_EXTENSION = _index((language.extensions, language) for language in LANGUAGES)


def language_of(language_id: str, uri: str) -> Language | None:
    """The document's language by its id, else by its uri's extension; None where it has no grammar
    here. An id that is known to mean plain text isn't overruled by the extension."""
    found = _BY_ID.get(language_id.lower())
    if found or language_id.lower() == "plaintext":
        return found
    name = uri.split("?")[0].split("#")[0].rsplit("/", 1)[-1].lower()
    dot = name.rfind(".")
    return _BY_EXTENSION.get(name[dot:]) if dot >= 0 else None
