"""Engines elsewhere: servers that others run, asked over HTTP.

engine.py      asks again, gives up, and comes back
circuit.py     leaves a server alone that keeps failing
connect.py     url, key, certificates, session
key.py         where the server's key comes from
family.py      how a served model infills, by its name
vocabulary.py  the model's tokenizer, asked for over HTTP
servers/       what each kind of server does in its own way
"""
