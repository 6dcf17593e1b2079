"""PostgreSQL over TLS: who proves who it is is read, and nobody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from ingestion.config import Connection, PostgresSource
from ingestion.embedded_postgres import socket_file
from ingestion.errors import SourceError
from ingestion.transports.postgres import PostgresTransport, dsn
from tests.ingestion.postgres_server import Server
from tests.ingestion.tls import Authority, encrypting


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"), "authority").begins()


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("others"), "impostor").begins()


@pytest.fixture(scope="module")
def port(server: Server, ours: Authority) -> Iterator[int]:
    with encrypting(socket_file(server.data), ours.signs("localhost")) as port:
        yield port


def reads(port: int, **options: object) -> bool:
    settings = {"port": port, "database": "odoo", "user": "postgres", **options}
    connection = Connection.model_validate(settings)
    source = PostgresSource(system="odoo", transport="postgres", connection=connection)
    with PostgresTransport(source).session() as session:
        return session.still_answers()


def test_a_server_with_the_right_certificate_is_read(port: int, ours: Authority) -> None:
    assert reads(port, sslmode="verify-full", sslrootcert=str(ours.certificate))


def test_a_server_whose_certificate_another_authority_signed_is_refused(
    port: int, others: Authority
) -> None:
    with pytest.raises(SourceError, match="certificate verify failed") as caught:
        reads(port, sslmode="verify-full", sslrootcert=str(others.certificate))
    assert "Name the file of the authority" in str(caught.value)


def test_this_machines_own_authorities_do_not_believe_it_either(port: int) -> None:
    with pytest.raises(SourceError, match="certificate verify failed"):
        reads(port, sslmode="verify-full")


def test_a_certificate_of_another_host_is_refused(port: int, ours: Authority) -> None:
    root = str(ours.certificate)
    with pytest.raises(SourceError, match=r'"localhost".*does not match host name "127\.0\.0\.1"'):
        reads(port, host="127.0.0.1", sslmode="verify-full", sslrootcert=root)


def test_a_server_that_encrypts_is_read_encrypted_by_default(port: int) -> None:
    # Who does not ask for TLS is turned away here.
    assert reads(port)
    with pytest.raises(SourceError, match="cannot be reached"):
        reads(port, sslmode="disable")


def test_a_server_without_encryption_is_refused_where_it_is_wanted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def decline() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(8)
                client.sendall(b"N")
                client.recv(1)

        threading.Thread(target=decline, daemon=True).start()
        with pytest.raises(SourceError, match="SSL was required") as caught:
            reads(listener.getsockname()[1], host="127.0.0.1", sslmode="require")
    assert "`sslmode: disable` for a network you trust" in str(caught.value)


def test_a_user_may_be_known_by_a_certificate(
    server: Server, ours: Authority, others: Authority
) -> None:
    root = str(ours.certificate)
    own = ours.signs("localhost")
    with encrypting(socket_file(server.data), own, clients=others) as port:
        user = others.signs("reader")
        shown = {"sslcert": str(user.certificate), "sslkey": str(user.key)}
        assert reads(port, sslmode="verify-full", sslrootcert=root, **shown)
        with pytest.raises(SourceError, match="cannot be reached"):
            reads(port, sslmode="verify-full", sslrootcert=root)


def test_a_server_on_another_machine_must_prove_who_it_is_unless_told_otherwise() -> None:
    there = Connection(host="erp.example.com", database="odoo", user="reader")
    assert "sslmode='verify-full' sslrootcert='system'" in dsn(there)
    assert "sslmode='prefer'" in dsn(there.model_copy(update={"host": "localhost"}))
    assert "sslmode='require'" in dsn(there.model_copy(update={"sslmode": "require"}))
    assert there.is_verified
    assert not there.model_copy(update={"sslmode": "require"}).is_verified


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sslcert": "reader.crt"}, "belong together"),
        ({"sslmode": "verify-ca"}, "needs `sslrootcert`"),
        ({"host": "postgres://reader:secret@erp/odoo"}, "is a name, not an address"),
        ({"database": "postgres://reader:secret@erp/odoo"}, "is a name, not an address"),
    ],
)
def test_what_cannot_be_meant_is_said(options: dict[str, str], said: str) -> None:
    settings = {"database": "odoo", "user": "reader", **options}
    with pytest.raises(ValueError, match=said):
        Connection.model_validate(settings)
