"""The `trio-gate` command: a file for each verb, in a room with others for the same people; here those of operators, and what all share."""
