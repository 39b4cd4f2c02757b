"""Acts of people; each act is one unit of work that happens whole or not at all."""
