"""Where the prompt files are: what is said to the model lives in prompts/, as files."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def prompts_dir() -> Path:
    """The prompts folder: inside the installed package, or at the top of a source checkout."""
    installed = _PACKAGE / "prompts"
    return installed if installed.is_dir() else _PACKAGE.parent / "prompts"
