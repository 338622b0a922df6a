"""Photos and documents that people upload, and the things that they belong to."""
