"""Ballots on paper: slips are printed, marked, entered by one person and confirmed by another."""
