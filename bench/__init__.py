"""Benchmarks, run by hand: `python -m bench lists`, or `make bench`."""
