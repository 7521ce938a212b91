"""Which files are pages, under which URL, in which order."""

from pathlib import Path

import pytest

from libs.contracts.pipeline import Lane
from services.cli.failures import WrongUsage
from services.cli.gathering import (
    asked_urls,
    from_folder,
    from_mirror,
    from_urls,
    lane_of,
    listed_in,
    listed_urls,
    shuffled,
)
from services.cli.naming import spelt


def write(root: Path, *names: str, content: str = "<html><body>x</body></html>") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def test_a_folder_gives_text_and_html_and_counts_the_rest(tmp_path: Path) -> None:
    write(tmp_path, "a.html", "b.txt", "deep/c.htm", "d.pdf", "e.json")

    gathered = from_folder(tmp_path, Lane.BACKFILL)

    assert [work.url for work in gathered.work] == [f"file:{tmp_path}/{n}" for n in ("a.html", "b.txt", "deep/c.htm")]
    assert gathered.skipped == 2
    assert all(work.trust_canonical for work in gathered.work)


def test_a_folder_that_is_named_by_detours_gives_the_same_pages_and_links_are_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "news/a.html", "here/x.html", "site.example/a.html")
    (tmp_path / "linked").symlink_to(tmp_path / "news")
    monkeypatch.chdir(tmp_path / "here")

    (detour,) = from_folder(Path("../here/.././news"), Lane.BACKFILL).work
    (linked,) = from_folder(Path("../linked"), Lane.BACKFILL).work
    mirrored = from_mirror(Path(".."), Lane.BACKFILL).work

    assert (detour.url, detour.path) == (f"file:{tmp_path}/news/a.html", f"{tmp_path}/news/a.html")
    assert linked.url == f"file:{tmp_path}/linked/a.html"
    assert f"{tmp_path}/site.example/a.html" in [work.path for work in mirrored]


def test_an_article_is_named_by_a_file_however_its_path_is_spelt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "news/a.html", "here/x.html")
    monkeypatch.chdir(tmp_path / "here")

    assert spelt("../news/a.html") == f"file:{tmp_path}/news/a.html"
    assert spelt("../news/a.html#2") == f"file:{tmp_path}/news/a.html#2"
    assert spelt("https://a.example/../x") == "https://a.example/../x"
    assert spelt("nothing.html") == "nothing.html"


def test_a_base_url_names_the_pages_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "deep/é.html")

    (work,) = from_folder(tmp_path, Lane.BACKFILL, base_url="https://site.example/x/").work

    assert work.url == "https://site.example/x/deep/%C3%A9.html"
    assert work.path == str(tmp_path / "deep/é.html")


def test_a_mirror_gives_a_host_for_each_folder_and_takes_html_only(tmp_path: Path) -> None:
    write(tmp_path, "one.example/index.html", "one.example/news/1", "labels.json", "one.example/feed.xml")
    write(tmp_path, "one.example/robots.txt", "two.example/plain", content="no markup")

    gathered = from_mirror(tmp_path, Lane.LIVE)

    assert [work.url for work in gathered.work] == ["https://one.example/", "https://one.example/news/1"]
    assert gathered.skipped == 4
    assert not any(work.trust_canonical for work in gathered.work)


def test_feeds_and_sitemaps_of_a_mirror_say_when_its_pages_were_published(tmp_path: Path) -> None:
    write(tmp_path, "one.example/a.html", "one.example/b/index.html", "one.example/c.html", "two.example/d.html")
    sitemap = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">'
        "<url><loc>https://one.example/a.html</loc><lastmod>2024-05-18</lastmod><n:news><n:publication_date>"
        "2024-05-17T08:15:00+02:00</n:publication_date></n:news></url>"
        "<url><loc>https://one.example/b/</loc><lastmod>2024-05-17T09:00:00Z</lastmod></url></urlset>"
    )
    feed = (
        "<rss><channel><item><link>https://one.example/b/?utm_source=feed</link>"
        "<pubDate>Fri, 17 May 2024 08:00:00 GMT</pubDate></item>"
        "<item><link>https://two.example/d.html</link><pubDate>Fri, 17 May 2024 10:00:00 GMT</pubDate></item></channel></rss>"
    )
    write(tmp_path, "one.example/sitemap.xml", content=sitemap)
    write(tmp_path, "one.example/rss.xml", content=feed)
    write(tmp_path, "one.example/broken.xml", content="<urlset><url>")

    hints = {work.url: work.published_hint for work in from_mirror(tmp_path, Lane.LIVE).work}

    assert hints == {
        "https://one.example/a.html": "2024-05-17T08:15:00+02:00",
        "https://one.example/b/": "2024-05-17T08:00:00+00:00",
        "https://one.example/c.html": None,
        "https://two.example/d.html": "2024-05-17T10:00:00+00:00",
    }


def test_a_seed_gives_one_order_and_another_seed_another(tmp_path: Path) -> None:
    work = from_urls([f"https://site.example/{n}" for n in range(20)], Lane.LIVE).work

    assert shuffled(work, None) == list(work)
    assert shuffled(work, 1) == shuffled(work, 1)
    assert shuffled(work, 1) != shuffled(work, 2)
    assert set(shuffled(work, 1)) == set(work)


def test_a_url_that_is_listed_twice_is_queued_once() -> None:
    lines = ["\ufeff# a list", "https://site.example/1", "", "  https://site.example/2 ", "https://site.example/1"]

    urls = [work.url for work in from_urls(listed_urls(lines), Lane.LIVE).work]

    assert urls == ["https://site.example/1", "https://site.example/2"]


def test_only_people_s_lanes_can_be_asked_for() -> None:
    assert lane_of(None, Lane.BACKFILL) is Lane.BACKFILL
    assert lane_of("live", Lane.BACKFILL) is Lane.LIVE
    with pytest.raises(WrongUsage, match="replay"):
        lane_of("replay", Lane.LIVE)


@pytest.mark.parametrize("wrong", ["", "nonsense", "not a url", "ftp://a.example/x", "http://", "www.a.example/x"])
def test_what_is_no_url_is_wrong_usage_before_anything_is_queued(wrong: str) -> None:
    with pytest.raises(WrongUsage):
        asked_urls(["https://a.example/", wrong])


def test_a_list_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\xff\xfe\x00")
    for name in ("absent", "odd", "."):
        with pytest.raises(WrongUsage):
            listed_in(tmp_path / name)
