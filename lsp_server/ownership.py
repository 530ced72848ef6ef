"""Whose a file is."""

import os
import stat
import sys


def is_own(status: os.stat_result) -> bool:
    """Whether a file is the user's own, no link, and nobody else may write to it.

    On Windows what we ask this of lies in the user's profile, which others can't write to.
    """
    if sys.platform == "win32":
        return True
    is_link = stat.S_ISLNK(status.st_mode)
    return status.st_uid == os.getuid() and not is_link and not status.st_mode & 0o022
