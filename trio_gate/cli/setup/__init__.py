"""Setting up: a first configuration, its agents and people, and whether it works."""
