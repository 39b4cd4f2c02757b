"""Support for tests: factories, houses, browsers, servers, networks."""
