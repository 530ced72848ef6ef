"""`hf:owner/repo/file.gguf`: a file of a Hugging Face hub that the catalogue doesn't name."""

import re
from pathlib import PurePosixPath

from lsp_server.errors import UnknownModel
from lsp_server.models.catalogue import Entry, HubSource
from lsp_server.models.filename import parse_file_name

PREFIX = "hf:"
UNKNOWN_LICENCE = "the licence on its page"
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)


def hub_entry(name: str) -> Entry:
    """The entry for `hf:owner/repo/file.gguf`. Raises UnknownModel where it isn't that."""
    match = re.fullmatch(
        r"hf:([\w.-]+/[\w.-]+)/((?:[\w.-]+/)*)([\w][\w.-]*\.gguf)", name, re.IGNORECASE
    )
    if match is None or ".." in PurePosixPath(name.removeprefix(PREFIX)).parts:
        raise UnknownModel(
            f"{name!r} is not hf:OWNER/REPOSITORY/FILE.gguf.",
            "`codellama-lsp models search WORDS` finds such names.",
        )
    repository, folder, file = match[1], match[2].strip("/"), match[3]
    if _PART.search(file):
        raise UnknownModel(
            f"{file} is one part of a model that was cut into several.",
            "Choose a file of the repository that is whole: "
            f"`codellama-lsp models search {repository}` lists them.",
        )
    said = parse_file_name(file)
    return Entry(
        name=name,
        file=file,
        folder="/".join(filter(None, ("hub", repository, folder))),
        licence=UNKNOWN_LICENCE,
        family=said.family,
        parameters=said.parameters,
        quantisation=said.quantisation,
        roles=("infill", "instruct") if said.variant == "instruct" else ("infill",),
        sources=(HubSource(repository, folder),),
    )


def name_of(relative: PurePosixPath) -> str:
    """`hf:...` of a file that lies at `hub/...` in the models folder."""
    return PREFIX + "/".join(relative.parts[1:])
