"""Resources: what a call is about, as ARNs."""
