"""What the C library does with memory that is freed."""

import ctypes
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST_BLOCK = 32 * 2**20  # glibc takes no more
_KEPT = 512 * 2**20


def keep_freed_memory() -> None:
    """Keep up to 512 MB of freed memory in this process, for the next image.

    glibc gives large blocks back to the system when they are freed. SIFT's scale space is some
    60 MB an image: to be given them again, page by page, took a third of its time. It holds for
    the whole process from here on; other C libraries stay as they are.
    """
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_BLOCK)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
