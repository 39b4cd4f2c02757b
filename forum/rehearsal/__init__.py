"""A made-up audience that plays a whole session: a client like any other."""
