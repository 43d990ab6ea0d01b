"""Resources: finds the ARNs of what a call is about."""
