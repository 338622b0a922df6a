"""Work on what strangers send, done in a process of its own that has limits and can be killed."""
