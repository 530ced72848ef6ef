"""The engine's own process: the models, and llama-server's and OpenAI's HTTP before them."""
