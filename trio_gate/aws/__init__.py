"""Knowledge about AWS: hosts, services, operations, parameters, permissions, resources, errors."""
