"""Hosts: which service, region and account an AWS host name stands for."""
