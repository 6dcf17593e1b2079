"""How long a night takes and where the time goes. Measured by hand; tests assert no times."""
