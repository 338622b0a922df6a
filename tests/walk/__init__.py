"""A random walk through the whole application, and the questions that it asks at each step.

`python -m tests.walk --seed 7 --steps 400` replays one; see `docs/random-walk.md`.
"""
