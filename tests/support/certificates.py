"""Certificates for a test, made by openssl in its folder: an authority, and what it signs."""

import subprocess
from pathlib import Path
from typing import NamedTuple

PASSWORD = "store-hunter2"


class Certificate(NamedTuple):
    """PEM files; the key is encrypted with PASSWORD if `encrypted`. store: the same as PKCS#12, for a Java broker."""

    certificate: Path
    key: Path
    store: Path


class Authority:
    """Signs certificates that are good for a day."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.certificate = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        self._run("req", "-x509", *_new_key(self._key), "-out", self.certificate, "-days", "1", "-subj", f"/CN={name}")

    def sign(self, name: str, encrypted: bool = False) -> Certificate:
        """For `name` as client or as server on loopback."""
        certificate, key, store = (self._folder / f"{name}.{kind}" for kind in ("pem", "key", "p12"))
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._run("req", "-new", *_new_key(key), "-out", request, "-subj", f"/CN={name}")
        self._run(
            *("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial"),
            *("-out", certificate, "-days", "1", "-extfile", extensions),
        )
        password = f"pass:{PASSWORD}"
        self._run("pkcs12", "-export", "-in", certificate, "-inkey", key, "-out", store, "-passout", password)
        if encrypted:
            self._run("ec", "-in", key, "-aes256", "-passout", password, "-out", key)
        return Certificate(certificate, key, store)

    def _run(self, *arguments: str | Path) -> None:
        subprocess.run(["openssl", *map(str, arguments)], cwd=self._folder, check=True, capture_output=True)


def _new_key(path: Path) -> tuple[str | Path, ...]:
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path
