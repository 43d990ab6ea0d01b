"""The audit record: its rows, their masking, and the hash chain."""
