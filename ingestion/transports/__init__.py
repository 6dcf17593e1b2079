"""How bytes come: one module per way of reading a source, knowing nothing of its tables."""
