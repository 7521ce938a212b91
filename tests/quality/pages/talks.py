"""Every way to print an interview that the set knows: markup of questions and answers, and who its labels name.

In: a `Talk`. Out: the HTML of introduction and turns. Answers of several paragraphs keep them.
"""

from collections.abc import Callable

from tests.quality.pages.texts import Talk

Style = Callable[[Talk], str]


def _intro(talk: Talk) -> str:
    return "".join(f"<p>{text}</p>" for text in talk.intro)


def _rows(talk: Talk, question: str, answer: str, more: str = "<p>{}</p>") -> str:
    """Templates over the turns: `{q}` and `{a}` are the words (`{a}` the first paragraph), `{n}` counts from 1."""
    out = []
    for n, (asked, told) in enumerate(talk.turns, 1):
        first, *rest = told.split("\n\n")
        out += [question.format(q=asked, n=n), answer.format(a=first, n=n), *(more.format(text) for text in rest)]
    return _intro(talk) + "".join(out)


def family(name: str) -> str:
    return name.split()[-1]


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split())


def numbered(t: Talk) -> str:
    return _rows(
        t,
        f"<p><b>{t.question_word} {{n}}:</b> {{q}}</p>",
        f"<p><b>{family(t.interviewee)}:</b> {{a}}</p>",
    )


def full_names(t: Talk) -> str:
    return _rows(t, f"<p>{t.interviewer}: {{q}}</p>", f"<p>{t.interviewee}: {{a}}</p>")


def bold_names_on_their_line(t: Talk) -> str:
    return _rows(t, f"<p><strong>{t.interviewer}</strong><br>{{q}}</p>", f"<p><strong>{t.interviewee}</strong><br>{{a}}</p>")  # fmt: skip


def initials_bold(t: Talk) -> str:
    return _rows(t, f"<p><strong>{initials(t.interviewer)}:</strong> {{q}}</p>", f"<p><strong>{initials(t.interviewee)}:</strong> {{a}}</p>")  # fmt: skip


def letters(t: Talk) -> str:
    return _rows(t, f"<p>{t.letters[0]} {{q}}</p>", f"<p>{t.letters[1]} {{a}}</p>")


def outlet_and_name(t: Talk) -> str:
    return _rows(t, f"<p><b>{t.outlet}:</b> {{q}}</p>", f"<p><b>{family(t.interviewee)}:</b> {{a}}</p>")


def names_with_dash(t: Talk) -> str:
    return _rows(t, f"<p>{family(t.interviewer)}. — {{q}}</p>", f"<p>{family(t.interviewee)}. — {{a}}</p>")


def names_in_own_paragraphs(t: Talk) -> str:
    return _rows(t, f"<p><b>{t.interviewer}</b></p><p>{{q}}</p>", f"<p><b>{t.interviewee}</b></p><p>{{a}}</p>")


def bold_questions(t: Talk) -> str:
    return _rows(t, "<p><strong>{q}</strong></p>", "<p>{a}</p>")


def italic_questions(t: Talk) -> str:
    return _rows(t, "<p><em>{q}</em></p>", "<p>{a}</p>")


def heading_questions(t: Talk) -> str:
    return _rows(t, "<h3>{q}</h3>", "<p>{a}</p>")


def class_questions(t: Talk) -> str:
    return _rows(t, '<p class="frg">{q}</p>', '<p class="ant">{a}</p>', '<p class="ant">{}</p>')


def bold_question_in_the_paragraph(t: Talk) -> str:
    return _rows(t, "<p><b>{q}</b><br>", "{a}</p>")


def dashes(t: Talk) -> str:
    return _rows(t, "<p>— {q}</p>", "<p>— {a}</p>")


def guillemets(t: Talk) -> str:
    return _rows(t, "<p>« {q} »</p>", "<p>{a}</p>")


def definition_list(t: Talk) -> str:
    rows = "".join(
        f"<dt>{asked}</dt>" + "".join(f"<dd>{text}</dd>" for text in told.split("\n\n")) for asked, told in t.turns
    )
    return f"{_intro(t)}<dl>{rows}</dl>"


def alternation(t: Talk) -> str:
    return _rows(t, "<p>{q}</p>", "<p>{a}</p>")


def numbered_with_a_missed_label(t: Talk) -> str:
    """As `numbered`, but the third question has lost its label and the third answer too."""
    rows = []
    for n, (asked, told) in enumerate(t.turns, 1):
        first, *rest = told.split("\n\n")
        bare = n == 3
        rows.append(f"<p>{asked}</p>" if bare else f"<p><b>{t.question_word} {n}:</b> {asked}</p>")
        rows.append(f"<p>{first}</p>" if bare else f"<p><b>{family(t.interviewee)}:</b> {first}</p>")
        rows += [f"<p>{text}</p>" for text in rest]
    return _intro(t) + "".join(rows)


def names_with_an_interjection(t: Talk) -> str:
    """Full names; the second exchange stands inside the paragraph of the first answer."""
    (one, told), (two, then), *rest = t.turns
    first = f"<p>{t.interviewer}: {one}</p><p>{t.interviewee}: {told} {t.interviewer}: {two}</p><p>{t.interviewee}: {then}</p>"
    later = "".join(
        f"<p>{t.interviewer}: {asked}</p><p>{t.interviewee}: " + "</p><p>".join(answer.split("\n\n")) + "</p>"
        for asked, answer in rest
    )
    return _intro(t) + first + later


STYLES: dict[str, Style] = {
    style.__name__: style
    for style in (
        numbered, full_names, bold_names_on_their_line, initials_bold, letters, outlet_and_name, names_with_dash,
        names_in_own_paragraphs, bold_questions, italic_questions, heading_questions, class_questions,
        bold_question_in_the_paragraph, dashes, guillemets, definition_list, alternation, numbered_with_a_missed_label,
        names_with_an_interjection,
    )
}  # fmt: skip
