"""The `trio-gate` command: a file for each verb."""
