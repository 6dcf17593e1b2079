"""Lists are reread, by other programs than wrote them, and hold what the marts hold."""
