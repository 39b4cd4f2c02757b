"""The website: request in, one service call, response out; `routes.py` lists every address."""
