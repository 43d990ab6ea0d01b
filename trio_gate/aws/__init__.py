"""What AWS is: hosts, services, operations, parameters, permissions, resources, errors."""
