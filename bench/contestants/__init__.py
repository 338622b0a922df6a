"""What our casting and reading are compared with."""
