"""How the API takes requests, pages through lists, refuses, and creates a thing once."""
