"""Certificates of a deployment: made once, good for their engine, renewed before their end."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from services.cli import certificates
from services.cli.certificates import Pair
from services.cli.credentials import write_credentials

NOW = datetime.now(UTC)


def _all(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def _certificates(folder: Path) -> dict[str, x509.Certificate]:
    return {
        name: x509.load_pem_x509_certificate(text.encode())
        for name, text in _all(folder).items()
        if "BEGIN CERTIFICATE" in text
    }


def test_without_the_option_there_are_none_and_with_it_they_stay(tmp_path: Path) -> None:
    write_credentials(tmp_path)
    assert not (tmp_path / "tls").exists()
    plain = _all(tmp_path)
    made = write_credentials(tmp_path, tls=True).made
    assert made
    assert all(name.startswith("tls/") for name in made)
    before = _all(tmp_path)
    again = write_credentials(tmp_path)
    assert (again.made, again.renewed, again.unused) == ((), (), ())
    assert _all(tmp_path) == before
    assert plain.items() <= before.items()


def test_all_are_signed_by_the_one_authority_and_name_their_engine(tmp_path: Path) -> None:
    write_credentials(tmp_path, tls=True)
    found = _certificates(tmp_path)
    authority = found["tls/authority.pem"]
    for name, certificate in found.items():
        certificate.verify_directly_issued_by(authority)
        limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        assert limits.ca == (name in ("tls/authority.pem", "tls/opensearch/ca.pem"))
    for engine, file in (("nats", "certificate"), ("postgres", "certificate"), ("opensearch", "node")):
        names = found[f"tls/{engine}/{file}.pem"].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == [engine, "localhost"]


def test_one_that_nears_its_end_or_is_of_another_authority_is_signed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "SIGNED_DAYS", 59)
    write_credentials(tmp_path, tls=True)
    monkeypatch.undo()
    before = _all(tmp_path)
    renewed = set(write_credentials(tmp_path).renewed)
    after = _all(tmp_path)
    assert renewed == {
        name for name in _certificates(tmp_path) if name not in ("tls/authority.pem", "tls/opensearch/ca.pem")
    }
    assert Pair(after["tls/nats/certificate.pem"], "").days_left(NOW) > 390
    assert after["tls/nats/certificate-key.pem"] == before["tls/nats/certificate-key.pem"]

    for name in ("authority.pem", "authority-key.pem"):
        (tmp_path / "tls" / name).unlink()
    assert renewed < set(write_credentials(tmp_path).renewed)
    test_all_are_signed_by_the_one_authority_and_name_their_engine(tmp_path)


def test_urls_demand_tls_and_verify_the_server(tmp_path: Path) -> None:
    write_credentials(tmp_path, tls=True)
    for name, url in _all(tmp_path).items():
        if name.startswith("tls/nats_url_"):
            plain = (tmp_path / Path(name).name).read_text()
            assert url == plain.replace("nats://", "tls://") + "?ca=/run/secrets/ca"
        if name.startswith("tls/postgres_url"):
            plain = (tmp_path / Path(name).name).read_text()
            assert url == plain + "?sslmode=verify-full&sslrootcert=/run/secrets/ca"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to the user of a container")
def test_root_gives_each_file_to_the_one_user_that_reads_it(tmp_path: Path) -> None:
    write_credentials(tmp_path, tls=True)
    owners = {"nats": 0, "postgres": 999, "opensearch": 1000}
    for name in _all(tmp_path / "tls"):
        found = (tmp_path / "tls" / name).stat()
        uid = 0 if name in ("authority-key.pem", "opensearch_security") else owners.get(Path(name).parent.name, 10001)
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (uid, 0o600), name
