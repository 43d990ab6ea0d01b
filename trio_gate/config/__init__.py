"""The configuration: HCL text to one frozen `Config`, or all of its faults."""
