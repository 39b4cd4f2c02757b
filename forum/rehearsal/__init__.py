"""A made-up audience that plays a whole session over the network, a client like any other."""
