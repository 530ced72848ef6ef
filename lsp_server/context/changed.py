"""What two versions of a document differ in: one span, found without a look at the whole."""

from lsp_server.documents import DocumentSnapshot

_COMPARED_AT_A_TIME = 8_192


def changed_span(old: DocumentSnapshot, new: DocumentSnapshot) -> tuple[int, int, int]:
    """(start, old end, new end): old.text[start:old end] became new.text[start:new end], and
    before and after it the texts are the same. Equal texts differ in an empty span."""
    head, tail = new.line_starts.shared(old.line_starts)
    start = _common_start(old.text, new.text, head)
    most = min(len(old.text), len(new.text)) - start
    tail = _common_end(old.text, new.text, min(tail, most), most)
    return start, len(old.text) - tail, len(new.text) - tail


def changed_lines(old: DocumentSnapshot, new: DocumentSnapshot) -> tuple[int, int, int]:
    """(first, old end, new end): the old lines from `first` up to `old end` became the new lines
    from `first` up to `new end`. Equal texts differ in no line."""
    start, old_end, new_end = changed_span(old, new)
    if start == old_end and start == new_end:
        line = new.line_of(start)
        return line, line, line
    # Of the lines after the change only those count that begin after it, not at its end: an empty
    # rest of a changed line begins there.
    tail = min(old.line_count - old.line_of(old_end) - 1, new.line_count - new.line_of(new_end) - 1)
    first = min(old.line_of(start), new.line_of(start))
    return first, old.line_count - tail, new.line_count - tail


def _common_start(a: str, b: str, known: int) -> int:
    """The length of the common start, of which `known` is known."""
    low, most = known, min(len(a), len(b))
    size = _COMPARED_AT_A_TIME
    while low < most and a[low : low + size] == b[low : low + size]:
        low += size
    low, high = min(low, most), min(low + size, most)
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(a: str, b: str, known: int, most: int) -> int:
    """The length of the common end, at most `most`, of which `known` is known."""
    low, size = known, _COMPARED_AT_A_TIME
    while low < most and _before_end(a, low, size) == _before_end(b, low, size):
        low += size
    low, high = min(low, most), min(low + size, most)
    while low < high:
        middle = (low + high + 1) // 2
        if _before_end(a, low, middle - low) == _before_end(b, low, middle - low):
            low = middle
        else:
            high = middle - 1
    return low


def _before_end(text: str, distance: int, size: int) -> str:
    end = len(text) - distance
    return text[max(0, end - size) : end]
