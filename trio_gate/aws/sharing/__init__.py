"""To whom a call gives access."""
