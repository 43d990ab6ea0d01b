"""One request from its head to its end: identified, approved, forwarded, recorded."""
