"""民提 propose: what residents raise, who supports it, and how the branch screens it."""
