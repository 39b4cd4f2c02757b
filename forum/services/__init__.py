"""Acts of people, each one unit of work that happens whole or not at all; who may do what: `permissions.py`."""
