"""Real servers on loopback for the tests: OpenSSH's sshd, Dovecot, and a line that can be cut.

Each listens on 127.0.0.1 on a free port, runs as the current user and is ended by its own pid.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient

LOOPBACK = "127.0.0.1"
MAIL_PASSWORD = "mima-2026-ABC"  # planted: no log, report or row may show it
PACKAGES = {
    "chromium": "chromium",
    "sshd": "openssh-server", "dovecot": "dovecot-imapd", "ssh-keygen": "openssh-client",
    "soffice": "libreoffice-calc", "pdfinfo": "poppler-utils",
    "initdb": "postgresql", "postgres": "postgresql", "pg_isready": "postgresql",
}  # fmt: skip
_STARTS_WITHIN = 15.0


def tool(name: str) -> str:
    """The path of a system program; without it the test is left out, or fails where all must run.

    `make test` installs what is missing where it may.
    """
    # Debian keeps PostgreSQL's programs by version, outside the path.
    folders = [os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
    folders += sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    path = shutil.which(name, path=":".join(folders))
    if path is None:
        said = f"{name} is not installed (Debian package {PACKAGES[name]})"
        if os.environ.get("QIANGSHI_REQUIRE_ALL"):
            pytest.fail(said)
        pytest.skip(said)
    return path


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the port answers; a server that ends or stays silent fails the test in words."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    end(process)
    pytest.fail(f"no server on port {port} within {_STARTS_WITHIN} s: {said[-2000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)


@dataclass
class Sshd:
    """An sshd that lets one key in."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def files(self) -> Path:
        """What the units upload to."""
        return self.folder / "upload"

    @property
    def key_file(self) -> Path:
        return self.folder / "client_key"

    @property
    def user(self) -> str:
        return pwd.getpwuid(os.getuid()).pw_name

    def known_host(self, port: int | None = None, key: str = "host_key") -> str:
        """The line of known_hosts for this server (or for a line to it on another port)."""
        kind, body = (self.folder / f"{key}.pub").read_text(encoding="utf-8").split()[:2]
        return f"[{LOOPBACK}]:{port or self.port} {kind} {body}\n"

    def start(self) -> None:
        log = self.folder / "sshd.log"
        sshd = tool("sshd")
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(parents=True, exist_ok=True)  # Debian's init makes it
        self.process = subprocess.Popen(
            [sshd, "-D", "-E", str(log), "-f", str(self.folder / "sshd_config")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.port, self.process, log)

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)
            self.process = None


@contextlib.contextmanager
def running_sshd() -> Iterator[Sshd]:
    """An sshd with fresh keys; its files lie in `files`."""
    keygen = tool("ssh-keygen")
    tool("sshd")
    with _short_folder("sshd") as folder:
        server = Sshd(folder, free_port())
        server.files.mkdir()
        for name in ("host_key", "other_key", "client_key"):
            subprocess.run(
                [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
            )
        (folder / "sshd_config").write_text(
            f"Port {server.port}\nListenAddress {LOOPBACK}\nHostKey {folder}/host_key\n"
            f"PidFile {folder}/sshd.pid\nAuthorizedKeysFile {folder}/client_key.pub\n"
            "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "StrictModes no\nPermitRootLogin prohibit-password\nLogLevel ERROR\n"
            "MaxStartups 100\nSubsystem sftp internal-sftp\n",
            encoding="utf-8",
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()


@dataclass
class Dovecot:
    """A Dovecot with the accounts `shouwen` and `other`, both with MAIL_PASSWORD."""

    folder: Path
    tls_port: int
    plain_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def deliver(
        self, message: bytes, arrived: datetime, folder: str = "INBOX", user: str = "shouwen"
    ) -> None:
        """A mail that the server received at a moment."""
        with self.client(user) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            client.append(folder, message, msg_time=arrived)

    @contextlib.contextmanager
    def client(self, user: str = "shouwen") -> Iterator[IMAPClient]:
        import ssl

        context = ssl.create_default_context(cafile=str(self.ca_file))
        with IMAPClient(LOOPBACK, self.tls_port, ssl_context=context, timeout=20) as client:
            client.login(user, MAIL_PASSWORD)
            yield client

    def start(self) -> None:
        self.process = subprocess.Popen(
            [tool("dovecot"), "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.tls_port, self.process, self.folder / "dovecot.log")

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)
            self.process = None


@contextlib.contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    """A Dovecot with a certificate of its own authority (`ca_file`)."""
    tool("dovecot")
    with _short_folder("dovecot") as folder:
        server = Dovecot(folder, free_port(), free_port())
        _make_certificates(folder)
        # Dovecot never opens root's mail, so under root the mail is nobody's.
        me = pwd.getpwuid(os.getuid())
        owner = pwd.getpwnam("nobody") if me.pw_uid == 0 else me
        home = folder / "home"
        home.mkdir()
        os.chown(home, owner.pw_uid, owner.pw_gid)
        accounts = "".join(
            f"{name}:{{PLAIN}}{MAIL_PASSWORD}:{owner.pw_uid}:{owner.pw_gid}::{home}/{name}\n"
            for name in ("shouwen", "other")
        )
        (folder / "users").write_text(accounts, encoding="utf-8")
        (folder / "users").chmod(0o644)
        own_users = "" if me.pw_uid == 0 else (
            f"default_internal_user = {me.pw_name}\ndefault_login_user = {me.pw_name}\n"
            f"default_internal_group = {me.pw_name}\n"
        )  # fmt: skip
        (folder / "dovecot.conf").write_text(
            f"base_dir = {folder}/run\nstate_dir = {folder}/state\n"
            f"log_path = {folder}/dovecot.log\n"
            f"{own_users}protocols = imap\nssl = yes\n"
            f"ssl_cert = <{folder}/server.pem\nssl_key = <{folder}/server.key\n"
            "disable_plaintext_auth = yes\nauth_mechanisms = plain login\n"
            f"mail_location = maildir:{home}/%u/Maildir\n"
            "first_valid_uid = 1\n"
            f"passdb {{\n driver = passwd-file\n args = {folder}/users\n}}\n"
            f"userdb {{\n driver = passwd-file\n args = {folder}/users\n}}\n"
            "service anvil {\n chroot =\n}\n"
            "service imap-login {\n chroot =\n"
            f" inet_listener imap {{\n address = {LOOPBACK}\n port = {server.plain_port}\n }}\n"
            f" inet_listener imaps {{\n address = {LOOPBACK}\n port = {server.tls_port}\n"
            " ssl = yes\n }\n}\n",
            encoding="utf-8",
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()


class CutLine:
    """A line to a server that breaks after so many bytes, as often as it is told to.

    What comes is what the server sent: only the line is ours.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server((LOOPBACK, 0))
        self._cuts: list[int] = []
        self._sockets: list[socket.socket] = []
        self.sessions = 0
        self.carried: list[int] = []
        self.is_silent = False
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def cut_after(self, *limits: int) -> None:
        """Cuts the next sessions after so many bytes from the server; later ones run through."""
        self._cuts = list(limits)

    def close(self) -> None:
        self._listener.close()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.sessions += 1
            self._sockets.append(near)
            if self.is_silent:
                continue  # accepted, and never a word
            far = socket.create_connection((LOOPBACK, self._target))
            self._sockets.append(far)
            limit = self._cuts.pop(0) if self._cuts else None
            self.carried.append(0)
            number = len(self.carried) - 1
            threading.Thread(target=self._pump, args=(near, far, None, None), daemon=True).start()
            threading.Thread(
                target=self._pump, args=(far, near, limit, number), daemon=True
            ).start()

    def _pump(
        self, source: socket.socket, target: socket.socket, limit: int | None, number: int | None
    ) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if limit is not None and carried + len(data) >= limit:
                    target.sendall(data[: limit - carried])
                    break
                target.sendall(data)
                carried += len(data)
                if number is not None:
                    self.carried[number] = carried
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _short_folder(name: str) -> Iterator[Path]:
    """A folder whose path fits a socket's name and that another user may enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"qs-{name}-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_certificates(folder: Path) -> None:
    """An authority and a certificate for 127.0.0.1, valid for a day."""
    now = datetime.now(UTC)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def write(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    authority = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())

    def certificate(
        subject: str, public: ec.EllipticCurvePublicKey, *, is_authority: bool
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("qiangshi test authority"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if not is_authority:
            address = x509.IPAddress(ipaddress.ip_address(LOOPBACK))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return builder.sign(authority, hashes.SHA256())

    ca = certificate("qiangshi test authority", authority.public_key(), is_authority=True)
    server = certificate("localhost", key.public_key(), is_authority=False)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    write(folder / "server.key", key)
