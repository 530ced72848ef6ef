"""What the demo shows: cursors to complete at and selections to act on, in the files beside this.

Places are given by the text that stands there, so the files stay ordinary source code.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cursor:
    """A place to complete: behind `after` in the file, once `typed` was typed there.

    ‸ in `typed` is where the cursor is left, for editors close brackets and quotes themselves.
    """

    title: str
    file: str
    after: str
    typed: str


@dataclass(frozen=True)
class Selection:
    """Code to act on: from `first` to the end of `last`, with what another tool says of it."""

    title: str
    action: str
    file: str
    first: str
    last: str
    marked: str = ""
    diagnostic: str = ""


CURSORS = [
    Cursor(
        "an empty function body",
        "inventory.py",
        after='"""What everything on the shelves is worth."""',
        typed="\n        ",
    ),
    Cursor(
        "in the middle of a line, the closing bracket already there",
        "inventory.py",
        after="return sorted(low",
        typed=", ",
    ),
    Cursor(
        "after a comment, in the middle of a block",
        "inventory.py",
        after="# Sort them by price.",
        typed="\n    ",
    ),
    Cursor(
        "inside a word",
        "inventory.py",
        after="for item in inventory.low_items()]",
        typed="\n    total = inventory.total_va",
    ),
    Cursor(
        "an empty method",
        "cart.ts",
        after="remove(productId: string): void {",
        typed="\n    ",
    ),
    Cursor(
        "the arguments of a call",
        "cart.ts",
        after="count(): number {\n    return this.lines.reduce(",
        typed="",
    ),
    Cursor(
        "an empty function",
        "ring_buffer.c",
        after="bool ring_buffer_is_empty(const ring_buffer *rb)\n{",
        typed="\n    ",
    ),
    Cursor(
        "inside a word, at the end of a block",
        "ring_buffer.c",
        after="rb->data = NULL;\n    rb->capacity = 0;",
        typed="\n    rb->he",
    ),
]

# Typed key by key, with a request after each.
TYPING = Cursor(
    "while typing, a request after each key",
    "inventory.py",
    after="for item in inventory.low_items()]",
    typed="\n    total = inventory.tot",
)

SELECTIONS = [
    Selection(
        "Explain a function",
        "Explain",
        "ring_buffer.c",
        first="bool ring_buffer_get(",
        last="rb->count--;\n    return true;\n}",
    ),
    Selection(
        "Generate what a comment asks for",
        "Generate",
        "cart.ts",
        first="// Format an amount as money",
        last='"$12.50"',
    ),
    Selection(
        "Fix a function",
        "Fix",
        "inventory.py",
        first="def average_price(",
        last="return total / len(items)",
    ),
    Selection(
        "Fix what a type checker reports",
        "Fix",
        "inventory.py",
        first="def parse_line",
        last="return Item(sku, name, price, quantity)",
        marked="price, quantity)",
        diagnostic='Argument of type "str" cannot be assigned to parameter "price" of type "float"',
    ),
    Selection(
        "Fix what a type checker reports",
        "Fix",
        "cart.ts",
        first="setQuantity(",
        last="line.quantity = quantity;\n  }",
        marked="line.quantity = quantity;",
        diagnostic="'line' is possibly 'undefined'.",
    ),
]
