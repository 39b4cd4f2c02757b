"""What people can do; each act is one unit of work that happens whole or not at all."""
