"""The model: botocore's services, operations and shapes, in the form that identification needs."""
