"""The rules of the product: pure functions over frozen values, no I/O, no vendor."""
