"""How names on doors are compared."""

import unicodedata


def plain_name(name: str) -> str:
    """One spelling for a name that people type in several: `３栋`, `3 栋` and `3栋` are one."""
    return "".join(unicodedata.normalize("NFKC", name).split())
