"""Residents, where they live, the offices they hold, how they log in, and who may do what."""
