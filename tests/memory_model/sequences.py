"""What the fixture model is trained on: token ids by Meta's algorithm for infilling.

With `enc` as SentencePiece encodes a text by itself, and `inf` inside other text:

- PSM: `[BOS, <PRE>] + enc(prefix) + [<SUF>] + inf(suffix) + [<MID>] + inf(middle) + [<EOT>]`
- SPM: `[BOS, <PRE>, <SUF>] + inf(suffix) + [<MID>] + enc(prefix + middle) + [<EOT>]`

In PSM the cut is a token boundary. In SPM it is none: prefix and middle are one text, so one
sequence serves all cursors of a document, and a prefix that ends inside a word, encoded by itself,
is something that the model has not seen.
"""

from dataclasses import dataclass

from lsp_server.engine.llama.vocab import Vocab
from lsp_server.prompting.healing import heal
from tests.memory_model.examples import Example, Place

BOS, PRE, SUF, MID, EOT = 1, 32007, 32008, 32009, 32010


@dataclass(frozen=True)
class Sequence:
    """Token ids; the model learns to say those from `learned_from` on."""

    tokens: list[int]
    learned_from: int


def psm(place: Place, vocab: Vocab) -> Sequence:
    prompt = [BOS, PRE, *vocab.encode(place.prefix), SUF, *vocab.encode_inside(place.suffix), MID]
    return Sequence([*prompt, *vocab.encode_inside(place.middle), EOT], len(prompt))


def spm(example: Example, vocab: Vocab) -> Sequence:
    """Learned from where healing goes back to at the first cursor."""
    place = example.longest
    head = [BOS, PRE, SUF, *vocab.encode_inside(place.suffix), MID]
    learned_from = len(head) + len(heal(vocab.encode(place.prefix), vocab).tokens)
    return Sequence([*head, *vocab.encode(place.prefix + place.middle), EOT], learned_from)


def sequences(examples: tuple[Example, ...], vocab: Vocab) -> list[Sequence]:
    """Both orders of every example: SPM once, PSM for each place of the cursor.

    Where there is no prefix the two prompts are the same, and what follows differs in the dummy
    space. Such a document is learned in SPM only.
    """
    return [spm(example, vocab) for example in examples] + [
        psm(place, vocab) for example in examples for place in example.every_place() if place.prefix
    ]


def splits_token(place: Place, vocab: Vocab) -> bool:
    """Whether the cursor stands inside a token of the document, so that the prefix encoded by
    itself is not how the document begins. At the document's start it does, too: what comes first
    is the dummy space."""
    prefix = vocab.encode(place.prefix)
    return not prefix or vocab.encode(place.prefix + place.middle)[: len(prefix)] != prefix
