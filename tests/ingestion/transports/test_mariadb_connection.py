"""How MariaDB is reached: by who may, whom it can trust, and not for ever."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from ingestion.config import MariadbConnection
from ingestion.errors import SourceError
from ingestion.transports.mariadb import SECURITY, MariadbSession, MariadbTransport
from ingestion.transports.patience import SILENT_SECONDS
from tests.ingestion.mariadb_server import MariadbServer
from tests.ingestion.tls import Authority


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("others"), "impostor").begins()


def encrypted(server: MariadbServer, **options: object) -> bool:
    """Whether what is read comes encrypted."""
    return bool(status(server, "Ssl_cipher", **options))


def status(server: MariadbServer, variable: str, **options: object) -> str:
    """What the server says of the connection."""
    connection = {"host": "127.0.0.1", "port": server.port, **options}
    with MariadbTransport(server.source(connection)).session() as session:
        assert isinstance(session, MariadbSession)
        ((_, said),) = session._query(f"show session status like '{variable}'")
    return said


def test_a_server_with_the_right_certificate_is_read(mariadb: MariadbServer) -> None:
    root = str(mariadb.authority.certificate)
    assert encrypted(mariadb, sslmode="verify-full", sslrootcert=root)


def test_a_server_whose_certificate_another_authority_signed_is_refused(
    mariadb: MariadbServer, others: Authority
) -> None:
    with pytest.raises(SourceError, match=r"(?i)certificate") as caught:
        encrypted(mariadb, sslmode="verify-full", sslrootcert=str(others.certificate))
    assert "Name the file of the authority" in str(caught.value)


def test_this_machines_own_authorities_do_not_believe_it_either(mariadb: MariadbServer) -> None:
    with pytest.raises(SourceError, match=r"(?i)certificate"):
        encrypted(mariadb, sslmode="verify-full")


def test_a_certificate_of_another_host_is_refused(mariadb: MariadbServer) -> None:
    root = str(mariadb.authority.certificate)
    assert encrypted(mariadb, host="127.0.0.2", sslmode="require")
    with pytest.raises(SourceError, match=r"(?i)certificate|host"):
        encrypted(mariadb, host="127.0.0.2", sslmode="verify-full", sslrootcert=root)


def test_what_stays_on_this_machine_is_encrypted_where_that_is_wanted(
    mariadb: MariadbServer,
) -> None:
    assert not encrypted(mariadb)
    assert not encrypted(mariadb, host="localhost")
    assert encrypted(mariadb, sslmode="require")


def test_a_server_without_tls_is_not_read_where_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch, mariadb: MariadbServer
) -> None:
    monkeypatch.setitem(SECURITY, "require", "disabled")  # as the extension does for such a server
    with pytest.raises(SourceError, match="offers no TLS"):
        encrypted(mariadb, sslmode="require")


def test_a_user_who_must_encrypt_and_does_not_is_told_what_to_do(mariadb: MariadbServer) -> None:
    mariadb.execute(
        "create or replace user careful require ssl", "grant select on erp.* to careful"
    )
    with pytest.raises(SourceError, match=r"(?s)Access denied.*sslmode: require"):
        encrypted(mariadb, user="careful")
    assert encrypted(mariadb, user="careful", sslmode="require")


def test_the_server_spends_no_time_on_compressing_answers(mariadb: MariadbServer) -> None:
    assert status(mariadb, "Compression") == "OFF"


def test_a_user_may_be_known_by_a_certificate(mariadb: MariadbServer) -> None:
    mariadb.execute("create or replace user known require x509", "grant select on erp.* to known")
    root = str(mariadb.authority.certificate)
    user = mariadb.authority.signs("known")
    shown = {"sslcert": str(user.certificate), "sslkey": str(user.key)}
    verified = {"user": "known", "sslmode": "verify-full", "sslrootcert": root}
    assert encrypted(mariadb, **verified, **shown)
    with pytest.raises(SourceError, match="Access denied"):
        encrypted(mariadb, **verified)


def test_a_server_on_another_machine_must_prove_who_it_is_unless_told_otherwise() -> None:
    there = MariadbConnection(host="erp.example.com", database="erp", user="reader")
    assert (there.port, there.security, there.authorities) == (3306, "verify-full", "system")
    assert there.is_verified
    assert not there.model_copy(update={"sslmode": "require"}).is_verified
    with pytest.raises(ValueError, match="sslmode"):
        MariadbConnection(database="erp", user="reader", sslmode="verify-ca")


@pytest.mark.parametrize("password", ["hunter2", 'it\'s "hunter2"', "back\\'hunter2 = x; --", "é "])
def test_any_password_lets_in_and_is_never_told(
    monkeypatch: pytest.MonkeyPatch, mariadb: MariadbServer, password: str
) -> None:
    quoted = password.replace("\\", "\\\\").replace("'", "\\'")
    mariadb.execute(
        f"create or replace user protected identified by '{quoted}'",
        "grant select on erp.* to protected",
    )
    reached = {"host": "127.0.0.1", "port": mariadb.port}
    connection = {**reached, "user": "protected", "password": "${PW}"}
    monkeypatch.setenv("PW", password)
    with MariadbTransport(mariadb.source(connection)).session() as session:
        assert session.still_answers()
    monkeypatch.setenv("PW", password + "x")
    with (
        pytest.raises(SourceError, match="Access denied") as caught,
        MariadbTransport(mariadb.source(connection)).session(),
    ):
        pass
    assert password not in str(caught.value)


def test_a_wrong_password_by_the_socket_is_not_told_as_a_server_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, mariadb: MariadbServer
) -> None:
    mariadb.execute("create or replace user protected identified by 'right'")
    monkeypatch.setenv("PW", "wrong")
    connection = {"user": "protected", "password": "${PW}"}
    with (
        pytest.raises(SourceError, match="Is the password right"),
        MariadbTransport(mariadb.source(connection)).session(),
    ):
        pass


@contextmanager
def listening(greeting: bytes | None) -> Iterator[int]:
    """Port of something that is no database server: it says this and closes, or says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept: list[socket.socket] = []

        def answer() -> None:
            client, _ = listener.accept()
            kept.append(client)
            if greeting is not None:
                client.sendall(greeting)
                client.close()

        threading.Thread(target=answer, daemon=True).start()
        yield listener.getsockname()[1]
        for client in kept:
            client.close()


@pytest.mark.parametrize(
    ("greeting", "told"),
    [(None, r"does not answer within 1 s"), (b"", "closes the connection; is it a database")],
)
def test_what_does_not_answer_as_a_server_does_is_not_waited_for(
    mariadb: MariadbServer, greeting: bytes | None, told: str
) -> None:
    with listening(greeting) as port:
        connection = {"host": "127.0.0.1", "port": port, "connect_timeout": 1}
        with (
            pytest.raises(SourceError, match=told),
            MariadbTransport(mariadb.source(connection)).session(),
        ):
            pass


def test_where_nothing_listens_is_told(mariadb: MariadbServer) -> None:
    connection = {"host": "127.0.0.1", "port": 1}
    with (
        pytest.raises(SourceError, match=r"127\.0\.0\.1:1 cannot be reached"),
        MariadbTransport(mariadb.source(connection)).session(),
    ):
        pass


def test_a_server_that_is_gone_without_a_word_is_noticed(mariadb: MariadbServer) -> None:
    connection = {"host": "127.0.0.1", "port": mariadb.port}
    with MariadbTransport(mariadb.source(connection)).session():
        ours = [
            found.fd
            for found in psutil.Process().net_connections("tcp")
            if found.raddr and found.raddr.port == mariadb.port
        ]
        assert ours
        for number in ours:
            with socket.socket(fileno=os.dup(number)) as line:
                assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                idle = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
                assert idle == SILENT_SECONDS
