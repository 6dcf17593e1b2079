"""What a signed file (CAdES, `.p7m`) holds: in DER or BER, as base64 or PEM, signed once or more.

Signatures are not verified. The exchange system lets no file through whose signature is wrong, and
its notice says so; whoever can put files into the folder can put unsigned ones there as well.
"""

from __future__ import annotations

import binascii
import re

from ingestion.errors import SourceDataError

MOST_SIGNATURES = 10
"""Envelopes one inside the other; people sign again what was signed, though not that often."""
SEQUENCE = b"\x30"
"""First byte of every envelope, in DER as in BER."""
TEXT_ENVELOPE = re.compile(rb"\s*(?:-----BEGIN [A-Z0-9 ]+-----|MI[A-Za-z0-9+/\s]{14})")
"""How an envelope begins when it is written in base64, with or without a line that says so."""
PEM_LINE = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
NO_ENVELOPE = "signed, and the envelope is damaged: export the file again"


def unsigned(data: bytes) -> bytes:
    """What lies in the innermost envelope; the data itself when nobody signed it.

    Raises:
        SourceDataError: the envelope is damaged or empty; says so, without naming the file.

    """
    for _ in range(MOST_SIGNATURES):
        if TEXT_ENVELOPE.match(data):
            data = _decoded(data)
        if not data.startswith(SEQUENCE):
            return data
        data = _opened(data)
    raise SourceDataError(f"signed more than {MOST_SIGNATURES} times")


def _decoded(data: bytes) -> bytes:
    try:
        return binascii.a2b_base64(PEM_LINE.sub(b"", data))
    except binascii.Error:
        raise SourceDataError(NO_ENVELOPE) from None


def _opened(data: bytes) -> bytes:
    """The content of one envelope; what follows it in the file is left alone."""
    from asn1crypto.cms import ContentInfo

    try:
        envelope = ContentInfo.load(data)
        kind = envelope["content_type"].native
        if kind != "signed_data":
            raise SourceDataError(f"an envelope of the kind {kind}, and not a signed file")
        signed = envelope["content"]["encap_content_info"]["content"]
        content = bytes(signed) if signed.native is not None else None
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise SourceDataError(NO_ENVELOPE) from None
    if content is None:
        raise SourceDataError("a signature alone, which lies apart from what it signs")
    return content
