"""The `agent` block: who calls, how it is proven, from where, and how much it may do at once."""
