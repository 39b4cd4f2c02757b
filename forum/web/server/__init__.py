"""The HTTP server's own classes: bounds on what is sent, connections, proxies, a path prefix."""
