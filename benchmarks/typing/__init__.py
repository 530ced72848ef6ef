"""make bench-typing: how fast suggestions come, beside llama.vim's way and the bare engine."""
