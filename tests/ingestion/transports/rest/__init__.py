"""REST APIs, over HTTP against a server on loopback."""
