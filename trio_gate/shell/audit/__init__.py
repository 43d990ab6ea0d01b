"""The record on disk: its database, its writer, the decision log, and what is counted instead of written."""
