"""What holds for the source as a whole. Import directions are held by import-linter, in pyproject.toml."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.contracts.reasons import Reason
from libs.runtime import reference
from libs.runtime.service_settings import settings_classes

CHECKOUT = Path(__file__).resolve().parents[2]
CODE = ("services", "libs", "migrations", "benchmarks", "tests")
MAX_LINES = 400


def _files() -> list[Path]:
    """What is in the repository, without the demo corpus, which is kept as published."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True
        ).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a checkout of the repository")
    files = [CHECKOUT / name for name in listed.split("\0") if name and not name.startswith("demo/corpus/")]
    return [path for path in files if path.is_file()]


def _modules() -> list[Path]:
    return [p for p in _files() if p.suffix == ".py" and p.relative_to(CHECKOUT).parts[0] in CODE]


def _product() -> Iterator[tuple[Path, ast.Module]]:
    for path in _modules():
        if path.relative_to(CHECKOUT).parts[0] in ("services", "libs"):
            yield path, _parsed(path)


def _parsed(path: Path) -> ast.Module:
    """CPython before 3.11.8 sometimes fails by itself in a process that has done much (gh-106905): then once more."""
    text = path.read_text(encoding="utf-8")
    try:
        return ast.parse(text)
    except SystemError:
        return ast.parse(text)


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(CHECKOUT))
        for path in _modules()
        if (tree := _parsed(path)).body and not (ast.get_docstring(tree) or "").strip()
    ]
    assert silent == []


def test_no_module_is_longer_than_a_few_screens() -> None:
    long = {
        str(path.relative_to(CHECKOUT)): lines
        for path in _modules()
        if "versions" not in path.parts and (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


# In two halves, so that this file does not name what it looks for.
MACHINE = re.compile(
    "|".join(["/work" + "/(main|shared)", "/tm" + "p/nf", "arti" + "factory", "pypi" + r"\.org/simple"])
)
TEXTS = {".py", ".md", ".toml", ".txt", ".json", ".yml", ".yaml", ".cfg", ".ini", ".sh", ""}


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}: {match.group()}"
        for path in _files()
        if path.suffix in TEXTS and (match := MACHINE.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert found == []


def _calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == name:
                yield node


def test_no_service_declares_a_stream() -> None:
    """FastStream's own declaration would reset a stream's settings to its defaults."""
    calls = [call for _, tree in _product() for call in _calls(tree, "JStream")]
    assert calls
    for call in calls:
        [declare] = [keyword.value for keyword in call.keywords if keyword.arg == "declare"]
        assert isinstance(declare, ast.Constant)
        assert declare.value is False


def test_every_subscriber_names_its_ack_policy_and_decodes_by_itself() -> None:
    """The default discards what fails, and the default decoder refuses a whole batch for one bad message."""
    calls = [call for _, tree in _product() for call in _calls(tree, "subscriber")]
    assert calls
    for call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given["ack_policy"] == "AckPolicy.MANUAL"
        assert "decoder" in given


def test_messages_are_settled_in_one_place() -> None:
    settling = {
        str(path.relative_to(CHECKOUT))
        for path, tree in _product()
        for name in ("ack", "nak", "term", "in_progress")
        for call in _calls(tree, name)
        if isinstance(call.func, ast.Attribute)
    }
    assert settling == {"libs/runtime/settle.py", "libs/runtime/delivery.py"}


def test_every_reason_is_used_and_every_reason_used_is_in_the_list() -> None:
    names, words = set(), set()
    for path, tree in _product():
        if path.name == "reasons.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Reason":
                names.add(node.attr)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
    assert names - {"__members__"} <= set(Reason.__members__)
    assert sorted(reason.value for reason in Reason if reason.name not in names and reason.value not in words) == []


def test_the_reference_pages_are_those_of_the_code() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in reference.FOLDER.iterdir()}
    made = reference.pages()
    assert {name: found.get(name) for name in made} == made, f"run `{reference.COMMAND}`"


def test_every_setting_has_a_description() -> None:
    undescribed = [
        f"{kind.__name__}.{name}"
        for kind in settings_classes()
        for name, field in kind.model_fields.items()
        if not field.description
    ]
    assert undescribed == []


def test_every_metric_is_used() -> None:
    catalogue = _parsed(CHECKOUT / "libs/runtime/metrics.py")
    listed = {
        target.attr
        for node in ast.walk(catalogue)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute)
    } - {"registry"}
    used = {
        node.attr
        for path, tree in _product()
        if path.name != "metrics.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    assert sorted(listed - used) == []


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "docs/security.md", "docs/faults.md"])
def test_guarantees_name_tests_that_exist(name: str) -> None:
    page = (CHECKOUT / name).read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) >= 20
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (CHECKOUT / file).is_file() or f"def {test}(" not in (CHECKOUT / file).read_text(encoding="utf-8")
    ]
    assert missing == []
