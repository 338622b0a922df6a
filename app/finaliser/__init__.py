"""定时推进: what the clock moves and nobody has touched."""
