"""The model: botocore's services, operations and shapes, as naming reads them."""
