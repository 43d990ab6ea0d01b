"""Diagnosis: whether what a configuration needs is there, on this machine and at AWS."""
