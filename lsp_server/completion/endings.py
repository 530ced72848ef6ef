"""When to stop the stream, so that nothing is generated only to be thrown away."""

from lsp_server.completion.limits import end_of, end_of_block
from lsp_server.completion.place import Place, lay_out, text_of
from lsp_server.completion.postprocess import cut_control, cut_elided, cut_loop, reaches_rest
from lsp_server.context.scope import Shape

# So many characters of a line without its end are enough to know it for no closing word (`end`,
# `done`, `esac`), and so to know at its start that it left the block.
_TELLING = 6
_MOST_EMPTY_LINES = 4


class Ending:
    """Reads a middle as it is generated and says when it is complete.

    It stops by the rules that `clean` cuts by; cutting is left to `clean`.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._text = ""

    @property
    def text(self) -> str:
        """All that was fed."""
        return self._text

    def feed(self, text: str) -> bool:
        """Take the next piece. True where nothing more is wanted."""
        self._text += text
        if not self._text.strip():
            return self._text.count("\n") > self._empty_lines_allowed()
        return self._is_spent() or self._is_whole(ended_line="\n" in text)

    def break_off(self) -> None:
        """The model was stopped in the middle: of several lines the begun one goes."""
        whole = self._text[: self._text.rfind("\n") + 1]
        if whole.strip():
            self._text = whole

    def _empty_lines_allowed(self) -> int:
        in_line = self._place.shape is Shape.LINE and bool(self._place.rest.strip())
        return 0 if in_line else _MOST_EMPTY_LINES

    def _is_spent(self) -> bool:
        """Whether the model has left the code, leaves code out or goes round in circles."""
        return cut_loop(cut_elided(self._place, cut_control(self._text))) != self._text

    def _is_whole(self, ended_line: bool) -> bool:
        lines = lay_out(self._place, self._text)
        if len(lines) == 1:
            return reaches_rest(self._place, text_of(self._place, lines))
        if ended_line and end_of(self._place, lines[:-1]) is not None:
            return True
        return self._has_left_block(lines)

    def _has_left_block(self, lines: list[str]) -> bool:
        """Whether the last line, still without its end, shows already that it left the block."""
        if self._place.shape is Shape.LINE or len(lines[-1].strip()) < _TELLING:
            return False
        end = end_of_block(self._place, lines)
        return end is not None and end < len(lines)
