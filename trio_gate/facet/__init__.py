"""The vocabulary of rules: what can be known of a call, and what is."""
