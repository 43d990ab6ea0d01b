"""A request as a value: its states, the snapshot of the configuration that judges it."""
