"""Policy documents among the parameters of a call, read by IAM's grammar."""
