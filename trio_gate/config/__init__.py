"""The configuration: turns HCL text into one frozen `Config`, or reports all of its faults."""
