"""A request as a value: its states, the order of its steps, and the configuration snapshot that judges it."""
