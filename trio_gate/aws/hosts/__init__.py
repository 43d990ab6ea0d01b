"""Hosts: which service, region and account a name of AWS stands for."""
