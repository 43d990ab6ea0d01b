"""A request as a value: its states, the order of its steps, and the snapshot of the configuration that judges it."""
