"""The voting rules as values and functions: schemes, ballots, receipts, tallies, selection.

Nothing here reads a clock, a database or a random source, and only `votes.verify`, the program that
recounts, reads the files it is given; so anybody can run the same rules over the published data and
get the same result.
"""
