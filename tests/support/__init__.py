"""What tests need beside the program: factories, a browser, servers, networks."""
