"""A real Apache Kafka that asks who one is: SASL over TLS, mutual TLS, ACLs. The test itself is its super user."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from pipeline.kafka.grant import Grant, Resource
from tests.support.apache_kafka import ApacheKafka, free_port
from tests.support.certificates import PASSWORD, Authority
from tests.support.worker_process import eventually

# Each contains this, so that one search finds any of them where it must not be.
MARK = "hunter2"
PASSWORDS = {user: f"{user}-{MARK}" for user in ("intake", "shopper", "topics", "consumer", "nobody")}

TOKEN_SESSION = 3.0
"""Seconds after which the broker wants a token anew; clients that can't give one on the same connection lose it."""

_LOGIN = "org.apache.kafka.common.security"
_PROPERTIES = """\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.login.plain.sasl.jaas.config={login}.plain.PlainLoginModule required {plain};
listener.name.login.scram-sha-256.sasl.jaas.config={login}.scram.ScramLoginModule required;
listener.name.login.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;
listener.name.login.oauthbearer.sasl.jaas.config=\
{login}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
ssl.keystore.type=PKCS12
ssl.keystore.location={store}
ssl.keystore.password={password}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
listener.name.mutual.ssl.client.auth=required
listener.name.login.oauthbearer.connections.max.reauth.ms={session}
"""

_EVERYTHING: Any = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)
_RESOURCES = {
    Resource.TOPIC: ResourceType.TOPIC,
    Resource.GROUP: ResourceType.GROUP,
    Resource.TRANSACTIONAL_ID: ResourceType.TRANSACTIONAL_ID,
}


class SecuredKafka(ApacheKafka):
    """brokers: without security, for the test, which is super user. login: SASL over TLS; tokens are taken unsigned.
    mutual: TLS with a certificate of `authority`."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "tls")
        login, mutual = free_port(), free_port()
        self.login, self.mutual = f"127.0.0.1:{login}", f"127.0.0.1:{mutual}"
        properties = _PROPERTIES.format(
            login=_LOGIN,
            plain=" ".join(f'user_{user}="{password}"' for user, password in PASSWORDS.items()),
            store=self.authority.sign("broker").store,
            password=PASSWORD,
            session=int(TOKEN_SESSION * 1000),
            authority=self.authority.certificate,
        )
        scram = [
            flag
            for user, password in PASSWORDS.items()
            for kind in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for flag in ("--add-scram", f"{kind}=[name={user},password={password}]")
        ]
        super().__init__(folder, {"LOGIN": (login, "SASL_SSL"), "MUTUAL": (mutual, "SSL")}, properties, scram)
        self.admin = AdminClient({"bootstrap.servers": self.brokers, "log_level": 0})

    def as_user(self, user: str, mechanism: str = "SCRAM-SHA-512", **other: str) -> dict[str, str]:
        """Settings, without their AFTERCLICK_, of who logs in as this user. other: without their KAFKA_."""
        return {
            "BROKERS": self.login,
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SSL_CA_LOCATION": str(self.authority.certificate),
            "KAFKA_SASL_MECHANISM": mechanism,
            "KAFKA_SASL_USERNAME": user,
            "KAFKA_SASL_PASSWORD": PASSWORDS[user],
        } | {f"KAFKA_{name}": value for name, value in other.items()}

    def allow(self, grants: Iterable[Grant], principal: str) -> None:
        """Nothing is allowed that was not said here, but for the super user."""
        bindings = [
            AclBinding(
                _RESOURCES[grant.resource],
                grant.name,
                ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL,
                principal,
                "*",
                AclOperation[operation],
                AclPermissionType.ALLOW,
            )
            for grant in grants
            for operation in grant.operations
        ]
        for made in self.admin.create_acls(bindings).values():
            made.result(10)
        # The controller has them; the broker that is asked for a permission learns of them a little later.
        eventually("the broker knows", lambda: set(bindings) <= self._known(), 10)

    def allow_nothing(self) -> None:
        for deleted in self.admin.delete_acls([_EVERYTHING]).values():
            deleted.result(10)
        eventually("the broker knows", lambda: not self._known(), 10)

    def _known(self) -> set[Any]:
        return set(self.admin.describe_acls(_EVERYTHING).result(10))
