"""Tunnels: connections of agents to hosts that are none of AWS's, relayed without being read."""
