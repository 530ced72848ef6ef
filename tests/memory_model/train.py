"""Train the fixture model until it knows its examples by heart, and write it as a GGUF file.

    .venv/bin/python -m pip install --target build/torch torch
    PYTHONPATH=build/torch .venv/bin/python -m tests.memory_model.train

torch is no dependency of the project and isn't installed with it; the CPU version will do. The
training takes about four minutes of one core. What it writes may differ in its bits from machine to
machine, not in what it knows: the script checks that with llama.cpp before it keeps the file.
"""

import hashlib
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from llama_cpp import Llama
from torch.nn import functional as F

from lsp_server.config import EngineSettings
from lsp_server.engine.llama.model import LlamaModel
from tests.memory_model.examples import EXAMPLES
from tests.memory_model.gguf_file import rounded, write
from tests.memory_model.network import Network
from tests.memory_model.sequences import Sequence, sequences
from tests.unit.engine.tiny import write_code_llama

PRODUCT = Path(__file__).parents[1] / "data" / "code-llama-by-heart.gguf"
STEPS, BATCH, RATE = 1500, 64, 4e-3
# The least by which the right token has to beat every other one, in logits, after rounding.
MARGIN = 4.0
_IGNORED = -100


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)  # so small that a second thread costs more than it does
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = write_code_llama(Path(folder) / "vocabulary.gguf")
        model = LlamaModel(vocabulary, EngineSettings(), vocab_only=True)
        learned = sequences(EXAMPLES, model.vocab)
        n_vocab = model.vocab.size
        model.close()
        tokens = sorted({token for sequence in learned for token in sequence.tokens})
        inputs, targets = tensors(learned, tokens)
        network = Network(len(tokens))
        train(network, inputs, targets, n_vocab - len(tokens))
        rounded(network)
        margin = least_margin(network, inputs, targets)
        print(f"least margin after rounding: {margin:.2f} logits")
        assert margin > MARGIN, "not known by heart: train for longer"
        path = Path(folder) / PRODUCT.name
        write(path, vocabulary, network, tokens)
        check(path, learned, network, inputs, tokens)
        PRODUCT.write_bytes(path.read_bytes())
    digest = hashlib.sha256(PRODUCT.read_bytes()).hexdigest()
    print(f"{PRODUCT.name}: {PRODUCT.stat().st_size:,} bytes, sha256 {digest}")


def tensors(learned: list[Sequence], tokens: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token numbers and the next token's number where it is to be learned: (sequences, length)."""
    number = {token: i for i, token in enumerate(tokens)}
    length = max(len(sequence.tokens) for sequence in learned)
    inputs = torch.zeros(len(learned), length, dtype=torch.long)
    targets = torch.full_like(inputs, _IGNORED)
    for row, sequence in enumerate(learned):
        numbers = torch.tensor([number[token] for token in sequence.tokens])
        inputs[row, : len(numbers)] = numbers
        first = sequence.learned_from
        targets[row, first - 1 : len(numbers) - 1] = numbers[first:]
    return inputs, targets


def train(network: Network, inputs: torch.Tensor, targets: torch.Tensor, n_unused: int) -> None:
    """`n_unused` tokens of the vocabulary don't occur; their logit is 0."""
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, STEPS, pct_start=0.05)
    unused = float(np.log(n_unused))
    started = time.perf_counter()
    for step in range(STEPS):
        rows = torch.randint(len(inputs), (BATCH,))
        length = int((targets[rows] != _IGNORED).any(0).nonzero().max()) + 1
        wanted = targets[rows, :length]
        is_learned = wanted != _IGNORED
        logits = network(inputs[rows, :length])[is_learned]
        logits = F.pad(logits, (0, 1), value=unused)
        loss = F.cross_entropy(logits, wanted[is_learned])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 200 == 199:
            print(f"{step + 1} steps, {time.perf_counter() - started:.0f} s: {loss.item():.5f}")


@torch.no_grad()
def least_margin(network: Network, inputs: torch.Tensor, targets: torch.Tensor) -> float:
    """By how much the right token's logit exceeds the next best one's, at the worst place."""
    is_learned = targets != _IGNORED
    logits = F.pad(network(inputs)[is_learned], (0, 1))
    right = targets[is_learned][:, None]
    best_other = logits.scatter(1, right, -torch.inf).max(1).values
    return float((logits.gather(1, right)[:, 0] - best_other).min())


@torch.no_grad()
def check(
    path: Path, learned: list[Sequence], network: Network, inputs: torch.Tensor, tokens: list[int]
) -> None:
    """llama.cpp says what torch says: the same logits, but for its rounding, and greedily every
    sequence to its end."""
    llama = Llama(str(path), n_ctx=512, logits_all=True, n_gpu_layers=0, verbose=False)
    expected = network(inputs)
    furthest = 0.0
    for row, sequence in enumerate(learned):
        llama.reset()
        llama.eval(sequence.tokens)
        first, last = sequence.learned_from - 1, len(sequence.tokens) - 1
        logits = llama.scores[first:last]
        assert list(logits.argmax(1)) == sequence.tokens[first + 1 :], sequence
        apart = torch.from_numpy(logits[:, tokens]) - expected[row, first:last]
        furthest = max(furthest, float(apart.abs().max()))
    print(f"llama.cpp: {len(learned)} of {len(learned)} exact, logits within {furthest:.3f}")


if __name__ == "__main__":
    main()
