"""The log as the configuration wants it."""
