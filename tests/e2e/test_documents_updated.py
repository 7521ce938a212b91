"""A page whose text changed is one article with two revisions, in the story in which it was."""

from pathlib import Path

from support.fixtures import Stacks, build_sites
from support.stack import Stack


def test_a_second_version_at_the_same_address_is_a_second_revision(
    stacks: Stacks, taken_in: Stack, sites: Path
) -> None:
    before, first = taken_in.articles(), contents(sites)
    try:
        build_sites(sites, "--stage", "updated")
        changed = {name for name, data in contents(sites).items() if data != first[name]}
        taken_in.command("ingest", "mirror", str(sites))
        taken_in.wait()
        after = taken_in.articles()
        rewritten = {key for key in before if after[key]["body"] != before[key]["body"]}
        revisions = {key: taken_in.ask("article", key)["revisions"] for key in rewritten}
        taken_in.verify()
    finally:
        stacks.close()  # no other test may take this one for the shared state
        build_sites(sites)

    assert len(rewritten) == 2
    assert {key.removeprefix("https://") for key in rewritten} <= changed
    assert after.keys() == before.keys()
    for key in rewritten:
        assert after[key]["article_id"] == before[key]["article_id"]
        assert after[key]["story_id"] == before[key]["story_id"]
        assert len(revisions[key]) == 2


def contents(sites: Path) -> dict[str, bytes]:
    """The pages by host and path, without `index.html`."""
    return {
        path.relative_to(sites).as_posix().removesuffix("index.html"): path.read_bytes()
        for path in sites.rglob("*.html")
    }
