"""What is kept: records, their masking, and the hash chain."""
