"""SigV4: signing what leaves, verifying what arrives. Time is an argument."""
