"""From bytes to text: which encoding, whichever the page declares.

In: the raw bytes of a capture and its Content-Type. Out: text without NUL and lone surrogates, or the reason why there
is none (`empty`, `binary`). Order of evidence: byte order mark, being valid UTF-8, the declared encoding where it gives
plausible letters, detection over the bytes. Bidirectional controls are kept: they belong to the text.
"""

import codecs
import re
import unicodedata
from functools import lru_cache

from ftfy import fix_encoding
from ftfy.badness import badness
from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META = re.compile(
    rb"""<(?:meta[^>]{0,300}?charset|\?xml[^>]{0,100}?encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.I
)
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_CONTROL_BYTES = bytes(b for b in range(32) if b not in (9, 10, 12, 13)) + b"\x7f"
# Two characters that UTF-8 bytes make when read as a one-byte encoding.
_MOJIBAKE = re.compile(r"(?:[ÃÂÐÑØÙ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|â\u0080)")
_SNIFF_BYTES = 200_000
_MARKS_AT_MOST = 30  # as the Stream-Safe Text Format of UAX #15
_MANY_MARKS = 2_000  # characters; in a shorter text no order of marks costs a millisecond
# Signatures of files that are no text whatever their name says.
_MAGIC = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"RIFF",
    b"\x7fELF",
    b"OggS",
    b"ID3",
    b"BZh",
    b"7z\xbc\xaf",
    b"\xfd7zXZ",
)


def clean(text: str) -> str:
    """NFC text without control characters; lone surrogates become U+FFFD."""
    if text.isascii():
        return text if text.isprintable() else _CONTROLS.sub("", text)
    return unicodedata.normalize("NFC", bound_marks(_CONTROLS.sub("", _SURROGATES.sub("\ufffd", text))))


def bound_marks(text: str) -> str:
    """Text whose letters carry `_MARKS_AT_MOST` combining marks at most, where it is so long that more would cost:
    normalising puts the marks of a letter in order in time that grows with the square of their number."""
    return text if len(text) < _MANY_MARKS else _marks().sub("", text)


@lru_cache(maxsize=1)
def _marks() -> re.Pattern[str]:
    marks = "".join(chr(c) for c in range(0x300, 0x20000) if unicodedata.combining(chr(c)))
    return re.compile(f"(?<=[{marks}]{{{_MARKS_AT_MOST}}})[{marks}]+")


def repair(text: str) -> str:
    """Undo mojibake where that is certain: at least two marks of it, and none left afterwards."""
    if text.isascii() or len(_MOJIBAKE.findall(text)) < 2:
        return text
    fixed = fix_encoding(text)
    return fixed if badness(fixed) == 0 else text


def unreadable(raw: bytes) -> str | None:
    """`empty` or `binary` when these bytes hold no text at all, else None."""
    head = raw[:_SNIFF_BYTES]
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        return "empty"
    if head.startswith(_MAGIC):
        return "binary"
    if head.startswith(tuple(bom for bom, _ in _BOMS)) or _wide(head):
        return None
    odd = len(head) - len(head.translate(None, bytes(b for b in range(32) if b not in (9, 10, 12, 13, 27))))
    return "binary" if odd > 0.02 * len(head) + 40 else None


def to_text(raw: bytes, content_type: str | None) -> str:
    """The text of `raw`, without control characters. Never raises: what no encoding explains becomes U+FFFD."""
    for bom, name in _BOMS:
        if raw.startswith(bom):
            return clean(raw.decode(name, "replace"))
    wide = _wide(raw[:4000])
    if wide:
        return clean(raw.decode(wide, "replace"))
    shifted = _iso2022(raw)
    if shifted is not None:
        return clean(shifted)
    raw = raw.translate(None, _CONTROL_BYTES)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _SURROGATES.sub("\ufffd", _legacy(raw, _declared(raw, content_type)))


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of the first 4,000 is NUL."""
    if len(head) < 20:
        return None
    even, odd = head[0:4000:2].count(0), head[1:4000:2].count(0)
    half = len(head[:4000]) // 2
    if odd > 0.6 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 * half and odd < 0.1 * half else None


def _iso2022(raw: bytes) -> str | None:
    if b"\x1b$" not in raw[:_SNIFF_BYTES]:
        return None
    try:
        return raw.decode("iso2022_jp")
    except UnicodeDecodeError:
        return None


def _declared(raw: bytes, content_type: str | None) -> list[str]:
    """Declared encodings in the order browsers trust them, as Python codec names."""
    found = [m.group(1) for m in [_HEADER.search(content_type or "")] if m]
    found += [m.group(1).decode("ascii") for m in [_META.search(raw[:4096])] if m]
    names = []
    for label in found:
        name = map_encoding_to_html5(label, fallback_utf8=False)
        if name and _known(name):
            names.append(name)
    return names


def _known(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _legacy(raw: bytes, declared: list[str]) -> str:
    """Text of bytes that are not valid UTF-8."""
    utf8 = raw.decode("utf-8", "replace")
    high = sum(1 for b in raw[:_SNIFF_BYTES] if b > 127)
    # A few bad bytes in a UTF-8 page (cut multibyte characters, a pasted windows-1252 line) do not make it another encoding.
    if utf8[:_SNIFF_BYTES].count("\ufffd") * 20 < high:
        return _mixed(raw)
    for name in [n for n in declared if n != "utf-8"]:
        text = _strict(raw, name)
        if text is not None and _plausible(text):
            return text
    guess = detect_encoding(raw[:_SNIFF_BYTES], html5_compatible=True, from_html_meta=False)
    for guessed in (guess, "windows-1252"):
        if guessed and guessed != "utf-8" and _known(guessed):
            return raw.decode(guessed, "replace")
    return utf8


def _strict(raw: bytes, name: str) -> str | None:
    try:
        return raw.decode(name)
    except UnicodeDecodeError:
        text = raw.decode(name, "replace")
        return text if text.count("\ufffd") * 1000 < len(text) else None


def _plausible(text: str) -> bool:
    """False where a one-byte encoding turned another script into a row of accented Latin letters."""
    sample = re.sub(r"<[^>]{0,2000}>", " ", text[:_SNIFF_BYTES])
    letters = sum(1 for c in sample if c.isalpha())
    accented = sum(1 for c in sample if "\u00c0" <= c <= "\u00ff")
    return accented < 0.3 * max(letters, 1)


def _mixed(raw: bytes) -> str:
    """UTF-8 with stray bytes of windows-1252, as pasted lines leave them."""

    def stray(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        bad = error.object[error.start : error.start + 1]
        return bad.decode("windows-1252", "replace"), error.start + 1

    codecs.register_error("newsfold-stray", stray)
    return raw.decode("utf-8", "newsfold-stray")
