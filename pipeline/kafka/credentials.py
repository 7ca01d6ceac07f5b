"""The client properties' TLS and SASL as Faust's aiokafka consumer takes them."""

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import faust
from faust.types.auth import CredentialsT

from pipeline.kafka.client import (
    OAUTHBEARER,
    TOKEN_CLIENT,
    TOKEN_ENDPOINT,
    TOKEN_SECRET,
    Client,
    ClientError,
    system_authorities,
    variable,
)


def faust_credentials(client: Client) -> CredentialsT | None:
    """None without security. Raises ClientError."""
    context = tls_context(client) if client.over_tls else None
    if not client.over_sasl:
        return faust.SSLCredentials(context) if context is not None else None
    if client.mechanism == OAUTHBEARER:
        # Here, as its libraries cost every worker a tenth of a second and memory.
        from pipeline.kafka.oauth_token import TokenProvider

        provider = TokenProvider(
            client.get(TOKEN_ENDPOINT) or "",
            client.get(TOKEN_CLIENT) or "",
            client.get(TOKEN_SECRET) or "",
            client.get("sasl.oauthbearer.scope"),
            _trusting(client, "https.ca", system_authorities()),
        )
        return faust.OAuthCredentials(oauth_cb=provider, ssl_context=context)
    return faust.SASLCredentials(
        username=client.get("sasl.username"),
        password=client.get("sasl.password"),
        mechanism=client.mechanism,
        ssl_context=context,
    )


def tls_context(client: Client) -> ssl.SSLContext:
    """Raises ClientError, naming the variables of a file that can't be used."""
    context = _trusting(client, "ssl.ca")
    _present_certificate(client, context)
    if client.get("ssl.endpoint.identification.algorithm") == "none":
        context.check_hostname = False
    if (client.get("enable.ssl.certificate.verification") or "true").lower() in ("false", "0", "no"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    ciphers = client.get("ssl.cipher.suites")
    try:
        if ciphers:
            context.set_ciphers(ciphers)
    except ssl.SSLError:
        raise ClientError(f"{variable('ssl.cipher.suites')} can't be used: OpenSSL knows none of them.") from None
    return context


def _trusting(client: Client, prefix: str, default: str | None = None) -> ssl.SSLContext:
    """prefix: of the two properties that name the authorities. default: file of those to trust if neither is given,
    None = as OpenSSL is set up."""
    place, pem = client.get(f"{prefix}.location") or None, client.get(f"{prefix}.pem") or None
    if place is None and pem is None:
        place = default
    if place == "probe":
        place = None
    try:
        if place is not None and Path(place).is_dir():
            return ssl.create_default_context(capath=place)
        return ssl.create_default_context(cafile=place, cadata=pem)
    except (OSError, ValueError) as error:
        name = f"{prefix}.pem" if pem and not place else f"{prefix}.location"
        raise ClientError(f"{variable(name)} can't be used: {_reason(error)}.") from None


def _present_certificate(client: Client, context: ssl.SSLContext) -> None:
    for form in ("location", "pem"):
        certificate, key = client.get(f"ssl.certificate.{form}"), client.get(f"ssl.key.{form}")
        if not certificate or not key:
            continue
        # Never None: OpenSSL would ask for it on the terminal.
        password = client.get("ssl.key.password") or ""
        try:
            if form == "location":
                context.load_cert_chain(certificate, key, password)
            else:
                with _file(certificate) as certificate_file, _file(key) as key_file:
                    context.load_cert_chain(certificate_file, key_file, password)
        except (OSError, ValueError) as error:
            raise ClientError(
                f"{variable(f'ssl.certificate.{form}')}, {variable(f'ssl.key.{form}')} and "
                f"{variable('ssl.key.password')} can't be used together: {_reason(error)}."
            ) from None


@contextlib.contextmanager
def _file(text: str) -> Iterator[str]:
    """A file for as long as it is read, as OpenSSL's Python binding takes certificates from files only; ours alone."""
    descriptor, name = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        yield name
    finally:
        Path(name).unlink()


def _reason(error: Exception) -> str:
    """What is wrong, without what was in the file."""
    if isinstance(error, ssl.SSLError):
        return getattr(error, "reason", None) or "not in PEM format, or the wrong password"
    return getattr(error, "strerror", None) or type(error).__name__
