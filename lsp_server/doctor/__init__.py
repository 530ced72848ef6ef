"""What will happen on this machine: one section a file, each made from plain data.

    report.py        findings, sections, and how they are printed
    program.py       the installation, and the devices that llama.cpp finds
    backends.py      GPU back-ends: seen here or not, and how to get each
    build.py         compiles llama.cpp with one (`make gpu`)
    models.py        the models of the settings: memory, layers on the GPU, speed to expect
    elsewhere.py     the server of the settings, where the engine is one
    speed.py         a short measurement with the model itself
    surroundings.py  sockets, editors, network
    logs.py          where the logs are, and what crashed
    settings.py      the settings in force and where each was set

Nothing here shows a secret, and nothing but `elsewhere.py` opens a connection.
"""
