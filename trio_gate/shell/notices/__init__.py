"""Notices on their way: programs that are run, and messages that are posted."""
