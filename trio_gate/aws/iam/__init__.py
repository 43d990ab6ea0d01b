"""IAM: the actions that a call takes, and what is known of what it means."""
