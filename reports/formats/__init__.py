"""How a prepared list is written, a module per format. None knows what a list means."""
