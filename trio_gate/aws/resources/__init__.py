"""Resources: finds the ARNs that a call names, and their accounts."""
