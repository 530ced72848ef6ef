"""How much of the models' files is loaded."""

from collections.abc import Callable, Iterable
from pathlib import Path


class Progress:
    """Tells whole percentages of all files together, each once."""

    def __init__(self, paths: Iterable[Path], tell: Callable[[int], None]) -> None:
        self._sizes = {path: path.stat().st_size for path in paths}
        self._tell = tell
        self._told = -1

    def of(self, path: Path) -> Callable[[float], None]:
        """To be told the part of this file that is loaded; those before it are."""
        paths = list(self._sizes)
        before = sum(self._sizes[earlier] for earlier in paths[: paths.index(path)])

        def loaded(part: float) -> None:
            done = before + part * self._sizes[path]
            percentage = int(100 * done / sum(self._sizes.values()))
            if percentage != self._told:
                self._told = percentage
                self._tell(percentage)

        return loaded
