"""Whether two lines are nearly the same."""

import re

# Below this many characters a letter more or less makes another line of it.
_SHORTEST_COMPARED = 30

# `x1` and `x2`, `i` and `j`: short names and numbers are what tells two good lines apart.
_TELLING = re.compile(r"\b[A-Za-z_]\b|\d+")
_TRIVIAL = re.compile(r"[\s,;'\"`]+")
_ONLY_PUNCTUATION = re.compile(r"[\s!-/:-@\[-`{-~]*")


def has_words(line: str) -> bool:
    """Whether a line has more than brackets, quotes and other ASCII punctuation."""
    return not _ONLY_PUNCTUATION.fullmatch(line)


def nearly_equal(one: str, other: str) -> bool:
    """Whether two lines differ at most in spaces, quotes, commas and semicolons, or, where they
    are long, in at most 5 % of their characters (Levenshtein). Lines of brackets alone are never
    called equal."""
    one, other = one.strip(), other.strip()
    if not has_words(one):
        return False
    if _TRIVIAL.sub("", one) == _TRIVIAL.sub("", other):
        return True
    longest = max(len(one), len(other))
    if longest < _SHORTEST_COMPARED or _tell_apart(one, other):
        return False
    return distance_at_most(one, other, longest // 20)


def _tell_apart(one: str, other: str) -> bool:
    """Whether the lines differ in what good lines of one kind differ in: a number, a short name,
    an operator, or letters in the place of others (`.ppa`, `.pps`)."""
    if _TELLING.findall(one) != _TELLING.findall(other):
        return True
    return len(re.sub(r"\W", "", one)) == len(re.sub(r"\W", "", other))


def distance_at_most(one: str, other: str, limit: int) -> bool:
    """Whether the edit distance is at most `limit`; looks only at a band of that width."""
    far = limit + 1
    above = {j: j for j in range(min(len(other), limit) + 1)}
    for i, letter in enumerate(one, 1):
        row: dict[int, int] = {}
        for j in range(max(0, i - limit), min(len(other), i + limit) + 1):
            if j == 0:
                row[j] = i
                continue
            replaced = above.get(j - 1, far) + (letter != other[j - 1])
            row[j] = min(replaced, above.get(j, far) + 1, row.get(j - 1, far) + 1)
        above = row
    return above.get(len(other), far) <= limit
