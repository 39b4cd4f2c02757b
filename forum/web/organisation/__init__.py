"""The organisation behind an installation: as pages show it, its statements, and the pages on which it is changed."""
