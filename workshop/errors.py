"""The one error that a user of the workshop is meant to read."""


class WorkshopError(Exception):
    """Something the reader can mend. Its text is a sentence: what was wrong, and what to do about it.

    The command line prints it without a traceback and exits with status 2.
    """
