"""The site: request in, one call to the core, response out. `routes.py` lists every address."""
