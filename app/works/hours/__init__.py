"""工时: the hours that seated members give to orders."""
