"""Pages made to exhaust whoever reads them, and what a child process tells of reading one.

Each stands around the same article. Sizes are those that broke parsers elsewhere: attributes, siblings and open tags by
the hundred thousand, 20 MB of one script or one line, entities that multiply, marks and bytes that no encoding explains.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.normalizer.reader import read_page
from tests.unit.extraction import pages

MILLION = 1_000_000
URL = "https://hostile.example/n/1"
TEXT = f"<div>{pages.paragraphs()}</div>"
LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(c)} "{f"&{chr(c - 1)};" * 10}">' for c in range(ord("b"), ord("l"))
)


def page(rubbish: str, *, title: str = "Swing bridge closes for nine months", before: str = "") -> bytes:
    """The article below `rubbish`; lone surrogates are written as they are."""
    html = before + pages.document(pages.HEAD + rubbish + TEXT, title=title)
    return html.encode("utf-8", "surrogatepass")


def json_ld(data: str) -> bytes:
    return page(f'<script type="application/ld+json">{data}</script>')


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a page, the processor seconds it took, and the largest resident size of its child, in bytes."""

    rejected: str | None
    bodies: tuple[str, ...]
    seconds: float
    peak_bytes: int


def read_and_measure(raw: bytes) -> Told:
    """Runs in the child."""
    Path("/proc/self/clear_refs").write_text("5")  # begin the peak anew
    started = time.process_time()
    found = read_page(raw, URL, "text/html", None)
    seconds = time.process_time() - started
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    return Told(found.rejected, tuple(a.body for a in found.articles), seconds, int(peak[1]) * 1024)


# The article beside it is found, whole.
BESIDE: dict[str, Callable[[], bytes]] = {
    "200,000 attributes on one tag": lambda: page("<div " + " ".join(f'a{n}="{n}"' for n in range(200_000)) + ">"),
    "a million attributes on one tag": lambda: page("<div " + " ".join(f'a{n}="{n}"' for n in range(MILLION)) + ">"),
    "a million attributes on a million tags": lambda: page("".join(f"<i a={n}></i>" for n in range(MILLION))),
    "50,000 divs inside each other": lambda: page("<div>" * 50_000),
    "180,000 inline tags without end": lambda: page("<b><i><a>" * 60_000),
    "a million bold tags without end": lambda: page("<b>" * MILLION),
    "a million comments": lambda: page("<!-- x -->" * MILLION),
    "a million comments without end": lambda: page("<!--" * MILLION),
    "a million scripts without end": lambda: page("<script>" * MILLION),
    "a script of 20 MB": lambda: page("<script>" + "x=1;" * 5_000_000 + "</script>"),
    "a style sheet of 20 MB": lambda: page("<style>" + ".a{font-weight:bold}" * MILLION + "</style>"),
    "20 MB of blanks": lambda: page("<p>" + " " * 20_000_000 + "</p>"),
    "an address of 10 MB": lambda: page("<a href='" + "a" * 10_000_000 + "'>x</a>"),
    "JSON of five million open lists": lambda: json_ld("[" * 5_000_000),
    "JSON of 200,000 authors": lambda: json_ld(
        '{"@type":"NewsArticle","author":[' + ",".join(f'{{"name":"N{n} X"}}' for n in range(200_000)) + "]}"
    ),
    "a title of 10 MB": lambda: page("", title="word " * 2 * MILLION),
    "a mark on a letter, 400,000 times": lambda: page("", title="a" + "\u0301\u0316" * 200_000),
    "24,000 links": lambda: page("<ul>" + "<li><a href=/x>link text here</a></li>" * 24_000 + "</ul>"),
    "UTF-16 that says it is UTF-8": lambda: page("<meta charset=utf-8>").decode().encode("utf-16"),
    "UTF-16 without a mark": lambda: page("").decode().encode("utf-16-le"),
    "a megabyte of 0xFF below it": lambda: page("") + b"\xff" * MILLION,
    "an address that no host can have": lambda: page("<link rel=canonical href='http://" + "xn--" * 20 + "\u202e/'>"),
}

# It ends with a reason, or with whatever is an article in it.
ANYHOW: dict[str, Callable[[], bytes]] = {
    "300,000 spans side by side": lambda: page("<span>x</span>" * 300_000),
    "300,000 divs side by side": lambda: page("<div>x</div>" * 300_000),
    "a million divs inside each other": lambda: page("<div>" * MILLION + "</div>" * MILLION),
    "10,000 tables inside each other": lambda: page("<table><tr><td>" * 10_000),
    "10,000 elements of no known name inside each other": lambda: page("<x-a>" * 10_000),
    "a million paragraphs without end": lambda: page("<p>" * MILLION),
    "a million brackets": lambda: page("<" * MILLION),
    "a line of 20 MB": lambda: page("<p>" + "word " * 4 * MILLION + "</p>"),
    "a word of 20 MB": lambda: page("<p>" + "w" * 20_000_000 + "</p>"),
    "a line of 100 MB": lambda: page("<p>" + "word " * 20 * MILLION + "</p>"),
    "100 MB of 0xFF": lambda: b"\xff" * 100_000_000,
    "a text file of 20 MB": lambda: b"word\n" * 4 * MILLION,
    "a letter with two million marks": lambda: page("<p>a" + "\u0301\u0316" * MILLION + "</p>"),
    "a letter with marks written as entities": lambda: page("<p>a" + "&#x301;&#x316;" * 200_000 + "</p>"),
    "NUL and lone surrogates": lambda: page("<p>Here a\x00b and \udc00 stand, and \ud83d as well, said the mayor.</p>"),
    "text that turns its direction": lambda: page("<p>One \u202eand two\u202c were read aloud.</p>" * 100),
    "billion laughs": lambda: page("<p>&k;</p>", before=f"<!DOCTYPE html [{LAUGHS}]>"),
    "billion laughs as XML": lambda: page("<p>&k;</p>", before=f'<?xml version="1.0"?><!DOCTYPE html [{LAUGHS}]>'),
    "an entity of 200,000 letters, 50,000 times": lambda: page(
        "<p>" + "&a;" * 50_000 + "</p>", before=f'<!DOCTYPE html [<!ENTITY a "{"a" * 200_000}">]>'
    ),
    "a file as an entity": lambda: page(
        "<p>&a;</p>", before='<!DOCTYPE html [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    ),
    "30,000 days": lambda: page("<div>14 May 2024</div>" * 30_000),
}

# The same, of pages that are read like articles to their end: one to four seconds each.
MANY: dict[str, Callable[[], bytes]] = {
    "70,000 paragraphs": lambda: page("<p>word word word.</p>" * 70_000),
    "a script of 20 MB without end": lambda: page("<script>" + "x=1;" * 5_000_000),
    "15,000 boxes of related texts": lambda: page(
        "<p>Read also <a href=/x>and this</a></p><p>It went on.</p>" * 15_000
    ),
    "15,000 headings of related texts": lambda: page(
        "<h3>You may also like</h3><p>And the text of it goes on and on, as it always did here before.</p>" * 15_000
    ),
    "15,000 cards": lambda: page("<h3><a href=/x>A title of some other text</a></h3><p>Text of it.</p>" * 15_000),
    "30,000 titles": lambda: page("<h1>A title of it all</h1>" * 30_000),
    "30,000 questions and answers": lambda: page("<p>Question: what is it?</p><p>Answer: this.</p>" * 15_000),
    "30,000 quotations without end": lambda: page("<p>“It is so and so, he said.</p>" * 30_000),
    "10,000 comments of readers": lambda: page(
        "<div class=comment><b>Ann</b> 14 May 2024<p>I think so too.</p></div>" * 10_000
    ),
}

# One line of 100,000 characters, made of what the project's patterns look for.
LINES = {
    bits: (lambda bits=bits: page(f"<p>{(bits * 100_000)[:100_000]}</p><p><b>{bits * 20}:</b> {bits * 500}</p>"))
    for bits in ("1", "1.", "a.", "a@", "a-", "A ", "Aa ", "(", "“", '"', ": ", "? ", "/", "|", "by ", "14 May ", "a: b? ")
}  # fmt: skip
