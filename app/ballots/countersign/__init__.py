"""The second officer, who looks at a result and puts a name to it."""
