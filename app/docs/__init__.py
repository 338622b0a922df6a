"""The front page and the API's documentation, served from our own files alone."""
