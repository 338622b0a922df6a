"""监督 oversight: reading the log of every move, and recounting its chain."""
