"""Backups of the database and the files, restoring them, and checking what came back.

Session keys are never part of a backup: beside a saved key, a dump of an open vote would tell who
marked what, also after the key was erased (`docs/operating/backup.md`).
"""
