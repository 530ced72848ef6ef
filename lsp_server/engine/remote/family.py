"""How a served model infills: by the setting, else by the name that the server gives it."""

import re
from collections.abc import Collection

from lsp_server.errors import NotCapable
from lsp_server.prompting.infill_format import PLAIN, InfillFormat, load_formats

# Code Llama's other sizes have the tokens, but were not trained to infill with them.
_NOT_TRAINED = re.compile(r"code[-_ ]?llama.*(34b|python|70b.*instruct)", re.IGNORECASE)


def served_format(model: str, setting: str, tokens: Collection[str] | None = None) -> InfillFormat:
    """The infill format of a served model. `tokens` are the control texts of its vocabulary, None
    where the server doesn't tell.

    Raises NotCapable where it can't infill, or nothing says how it does.
    """
    formats = load_formats()
    name = re.split(r"[/\\]", model)[-1]  # of a file's path or an owner's model
    if setting != "auto":
        if setting not in formats:
            known = ", ".join(formats)
            raise NotCapable(f"infill.family: there is no family {setting!r}.", f"Known: {known}.")
        return _checked(formats[setting], model, tokens)
    if _NOT_TRAINED.search(name):
        raise NotCapable(
            f"{model} can't complete: this Code Llama was not trained to infill.",
            "Serve codellama-7b or codellama-13b for completions.",
        )
    found = next((f for f in formats.values() if f.names and f.names.search(name)), None)
    if found:
        return _checked(found, model, tokens)
    for candidate in formats.values():
        wanted = {*candidate.control_tokens, *candidate.end}
        if tokens is not None and candidate.family != PLAIN and wanted <= set(tokens):
            return candidate
    raise NotCapable(
        f"{model} can't complete: it is of no family whose infill format is known.",
        "Serve a model that infills, such as Qwen2.5-Coder or Code Llama 7B; or name its format in "
        "infill.family. Code actions work.",
    )


def _checked(found: InfillFormat, model: str, tokens: Collection[str] | None) -> InfillFormat:
    missing = found.control_tokens - set(tokens) if tokens is not None else None
    if missing:
        raise NotCapable(
            f"{model} is no {found.family} model: its vocabulary has no "
            f"{', '.join(sorted(missing))}.",
            "Set infill.family to what it is.",
        )
    return found
