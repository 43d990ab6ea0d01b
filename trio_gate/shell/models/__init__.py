"""Models and tables about AWS, read from disk: those of the installed botocore, and the data of this package."""
