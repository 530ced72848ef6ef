"""The client's side of the shared engine: joining it, starting it, asking it."""
