"""The voting rules as values and functions: schemes, ballots, receipts, tallies, selection.

Nothing here reads a clock, a file, a database or a random source, so that anybody can run the
same rules over the published data and get the same result.
"""
