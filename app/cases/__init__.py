"""民享: the case library, its adoptions, and the categories that come up again and again."""
