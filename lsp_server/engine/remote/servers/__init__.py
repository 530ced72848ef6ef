"""The kinds of servers, a file each. `made.py` chooses; `openai.py` is what they have in common."""
