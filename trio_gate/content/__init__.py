"""What a call carries besides names and settings: code, statements, templates and policies, made readable for people."""
