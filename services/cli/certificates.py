"""The certificates of a deployment: an authority of its own, and what it signs for engines and for who shows one.

Keys are made once. A certificate is signed anew when it is missing, or when its end is nearer than RENEWED_DAYS: run
`newsfold init --tls` again, then let engines and services know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS, SIGNED_DAYS, RENEWED_DAYS = 3650, 397, 60  # a year and a month, as browsers demand of public ones
ORGANISATION = "newsfold"  # deploy/opensearch names it beside the common name
_USES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both as PEM."""

    certificate: str
    key: str

    def signed_by(self, other: "Pair") -> bool:
        """Whether the other's key has signed this certificate."""
        mine, issuer = (x509.load_pem_x509_certificate(pair.certificate.encode()) for pair in (self, other))
        try:
            mine.verify_directly_issued_by(issuer)
        except (ValueError, InvalidSignature):
            return False
        return True

    def days_left(self, now: datetime) -> float:
        """Until the certificate ends."""
        ends = x509.load_pem_x509_certificate(self.certificate.encode()).not_valid_after_utc
        return (ends - now) / timedelta(days=1)


def new_key() -> str:
    """A private key as PEM (P-256: every engine takes it)."""
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def authority(key: str) -> Pair:
    """A certificate that may sign others and nothing else."""
    private = _private(key)
    name = _name("authority")
    limits = x509.KeyUsage(*(use in ("key_cert_sign", "crl_sign") for use in _KEY_USES))
    made = _begun(name, name, private, AUTHORITY_DAYS)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = made.add_extension(limits, critical=True)
    return Pair(_pem(made.sign(private, hashes.SHA256())), key)


def signed(by: Pair, key: str, name: str, hosts: tuple[str, ...] = ()) -> Pair:
    """A certificate with the common name `newsfold-NAME`, for servers that are called by any of `hosts`."""
    private = _private(key)
    issuer = x509.load_pem_x509_certificate(by.certificate.encode())
    made = _begun(_name(name), issuer.subject, private, SIGNED_DAYS)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(x509.ExtendedKeyUsage(_USES), critical=False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)  # type: ignore[arg-type]
    if hosts:
        made = made.add_extension(x509.SubjectAlternativeName(list(_called(hosts))), critical=False)
    return Pair(_pem(made.sign(_private(by.key), hashes.SHA256())), key)


_KEY_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _begun(
    subject: x509.Name, issuer: x509.Name, private: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    public = private.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, f"newsfold-{name}"),
        ]
    )


def _called(hosts: tuple[str, ...]) -> Iterator[x509.GeneralName]:
    for host in hosts:
        yield x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    found = load_pem_private_key(key.encode(), password=None)
    assert isinstance(found, ec.EllipticCurvePrivateKey), "a key that `init` has not made"
    return found


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
