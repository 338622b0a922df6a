"""A notice on paper: pages in our own font, drawn once for each version."""
