"""Comparing waiting calls with what is there now: reads of AWS by a closed list."""
