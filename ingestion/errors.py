"""The errors that this product raises on purpose, each with what to do about it.

Everything a user can cause or mend is an `AdvError`; any other exception is a defect.
"""


class AdvError(Exception):
    """Base of all errors raised on purpose."""


class ConfigurationError(AdvError):
    """Something in `ADV_HOME/config` is wrong; the message names file, line and field."""


class SourceError(AdvError):
    """A source cannot be reached or does not hold what its system declares."""


class UnfinishedReadError(SourceError):
    """A read came to no end; another attempt goes on or starts afresh, as the message says."""


class SourceDataError(SourceError):
    """A source's file cannot be read as what it claims to be."""


class RefusedBatchError(AdvError):
    """A batch broke a rule that keeps it out of the warehouse; it is in quarantine."""


class WarehouseError(AdvError):
    """The warehouse is not in the state that a step needs."""


class StorageError(AdvError):
    """`ADV_HOME`, or a file asked for, cannot be written or read; its disk is full, say."""


class PublicationError(AdvError):
    """What was built is incomplete and was not published."""


class NothingPublishedError(PublicationError):
    """There are no marts to read yet."""

    def __init__(self) -> None:
        super().__init__("Nothing has been published yet; `adv run` does it.")


class ServerError(AdvError):
    """A server of `publish_to` could not be brought to the publication in force, or asked."""


class SparkError(AdvError):
    """Spark cannot be reached, or what it is asked to build from is not for it."""


class LayoutError(AdvError):
    """ADV_HOME was written by a version of the product that this one does not know."""


class BackupError(AdvError):
    """A backup could not be made, or cannot be restored."""


class NoticeError(AdvError):
    """A notice could not be sent; its address, which may hold a token, is not told."""


class BusyError(AdvError):
    """Another run holds the lock on `ADV_HOME`."""


class LockLostError(AdvError):
    """The lock on `ADV_HOME` was lost while its holder worked; another run may have begun."""
