"""Certificates of the tests' own, and a PostgreSQL that speaks TLS.

The embedded server is built without TLS: what stands before it here answers the client's request
for TLS as PostgreSQL does, and passes on what was encrypted.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, in files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """Signs certificates."""

    folder: Path
    name: str

    @property
    def certificate(self) -> Path:
        """What its clients must believe."""
        return self.folder / f"{self.name}.crt"

    def signs(self, subject: str) -> Certificate:
        """A certificate of a host, or of a user."""
        return self._write(subject, subject)

    def begins(self) -> Authority:
        """Sign its own certificate."""
        self._write(self.name, None)
        return self

    def _write(self, subject: str, signed_for: str | None) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer_key = key
        if signed_for:
            text = (self.folder / f"{self.name}.key").read_bytes()
            issuer_key = serialization.load_pem_private_key(text, None)  # type: ignore[assignment]
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=not signed_for, path_length=None), True)
            .add_extension(x509.SubjectAlternativeName([_named(subject)]), False)
            .sign(issuer_key, hashes.SHA256())
        )
        made = Certificate(self.folder / f"{subject}.crt", self.folder / f"{subject}.key")
        made.certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
        made.key.touch(mode=0o600)
        made.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return made


def _named(subject: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(subject))
    except ValueError:
        return x509.DNSName(subject)


@contextmanager
def encrypting(
    server: Path, certificate: Certificate, clients: Authority | None = None
) -> Iterator[int]:
    """Port of a server that demands TLS before the one that listens on this socket.

    With `clients`, it lets in only who shows a certificate of theirs.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    if clients:
        context.load_verify_locations(clients.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=listener.accept()[:1], daemon=True).start()

    def answer(client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as behind, suppress(OSError):
            if client.recv(len(SSL_REQUEST)) != SSL_REQUEST:
                return
            client.sendall(b"S")
            with context.wrap_socket(client, server_side=True) as encrypted:
                behind.connect(str(server))
                back = threading.Thread(target=pass_on, args=(behind, encrypted), daemon=True)
                back.start()
                pass_on(encrypted, behind)
                back.join()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
