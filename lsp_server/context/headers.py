"""Which lines open a block, by each language's own way of saying so."""

import re

from lsp_server.context.languages import Language

_PYTHON_HEADER = re.compile(
    r"\s*(?:async\s+)?"
    r"(?:def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b.*:"
)
_RUBY_HEADER = re.compile(
    r"\s*(?:def(?!.*[)\w]\s*=(?:\s|$))|class|module|if|unless|elsif|else|while|until|for|case|when|begin|rescue|ensure)\b"
    r"(?!.*\bend\b).*"
    r"|.*\bdo(?:\s*\|[^|]*\|)?"
)
_LUA_HEADER = re.compile(r".*\b(?:do|then|else|repeat)|.*\bfunction\b[^()]*\([^()]*\)")
_BASH_HEADER = re.compile(r".*(?:\b(?:do|then|else|in)|\{)")
_BRACE_HEADER = re.compile(r".*(?:\{|=>)|\s*(?:case\b.*|default|public|private|protected)\s*:")
_HASKELL_HEADER = re.compile(r".*(?:\b(?:do|of|where|let|then|else)|=|->)")
_HTML_HEADER = re.compile(r".*<(?![/!])[^<>]*(?<!/)>")
_SQL_HEADER = re.compile(
    r".*(?:\(|\b(?:as|begin|then|else|select|from|where|values|set))", re.IGNORECASE
)
_ANY_HEADER = re.compile(r".*(?:\{|=>|(?<!:):|\b(?:do|then))")
_HEADERS = {
    "python": _PYTHON_HEADER,
    "ruby": _RUBY_HEADER,
    "lua": _LUA_HEADER,
    "bash": _BASH_HEADER,
    "haskell": _HASKELL_HEADER,
    "scala": _ANY_HEADER,
    "yaml": _ANY_HEADER,
    "html": _HTML_HEADER,
    "sql": _SQL_HEADER,
    "": _ANY_HEADER,
}

_LONGEST_HEADER = 500


def opens_block(line: str, language: Language | None) -> bool:
    """Whether the line's end opens a block, by the language's own way of saying so."""
    line = _without_comment(line[-_LONGEST_HEADER:], language).rstrip()
    header = _HEADERS.get(language.name if language else "", _BRACE_HEADER)
    return bool(header.fullmatch(line)) or line.endswith("{")


def _without_comment(line: str, language: Language | None) -> str:
    if language is None:
        return line
    # `"#{name}"` is no comment.
    return re.sub(rf"(?:^|\s){re.escape(language.comment)}(?!\{{).*", "", line)
