"""Imported before all else that is large: the collector of garbage rests while that is loaded.

Hardly anything of it ever goes away, and looking through it again and again takes a third of the
time in which a server or a command starts.
"""

import gc

# How many objects may be made before the young ones are looked through: a request makes thousands,
# of which few are left when it is answered.
YOUNG_OBJECTS = 20_000

gc.disable()


def finish() -> None:
    """What stands now is looked at no more; what comes is collected as usual."""
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    gc.enable()
