"""Support for tests: factories, a browser, servers, networks."""
