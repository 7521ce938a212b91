"""Pages of layouts that the corpus does not have, with their truth. Texts are invented."""

WORDS = {
    "en": "The town council of Marlow Cross decided on Tuesday evening to close the old swing bridge for nine months. {n} Drivers will have to use the ferry, which runs every twenty minutes, said the mayor.",
    "de": "Der Gemeinderat von Oberfelden beschloss am Dienstagabend, die alte Drehbrücke für neun Monate zu sperren. {n} Autofahrer müssen die Fähre nehmen, die alle zwanzig Minuten fährt, sagte die Bürgermeisterin.",
    "fr": "Le conseil municipal de Pontvallon a décidé mardi soir de fermer le vieux pont tournant pendant neuf mois. {n} Les automobilistes devront prendre le bac, qui passe toutes les vingt minutes, a dit la maire.",
    "es": "El ayuntamiento de Puenteviejo decidió el martes por la noche cerrar el viejo puente giratorio durante nueve meses. {n} Los conductores tendrán que usar el transbordador, dijo la alcaldesa.",
    "ru": "Городской совет Старомостья решил во вторник вечером закрыть старый разводной мост на девять месяцев. {n} Водителям придётся пользоваться паромом, который ходит каждые двадцать минут, сказала мэр.",
    "ar": "قرر مجلس بلدية الجسر القديم مساء الثلاثاء إغلاق الجسر المتحرك القديم لمدة تسعة أشهر. {n} وسيتعين على السائقين استخدام العبارة التي تعمل كل عشرين دقيقة، كما قالت رئيسة البلدية.",
}
ORDINALS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def texts(language: str = "en", count: int = 5, start: int = 0) -> list[str]:
    """`count` paragraphs of an article, all different."""
    return [WORDS[language].format(n=f"{ORDINALS[(start + i) % 10].title()} {start + i}.") for i in range(count)]


def paragraphs(language: str = "en", count: int = 5, start: int = 0, wrap: str = "<p>{}</p>") -> str:
    return "\n".join(wrap.format(t) for t in texts(language, count, start))


def document(
    body: str, *, title: str = "Swing bridge closes for nine months", head: str = "", site: str = "Marlow Mercury"
) -> str:
    return f"<!doctype html><html><head><title>{title} | {site}</title>{head}</head><body>{body}</body></html>"


NAV = '<ul class="x1"><li><a href="/">Home</a></li><li><a href="/sport/">Sport</a></li><li><a href="/culture/">Culture</a></li></ul>'
MORE = '<div class="x9"><h4>You may also like</h4><a href="/a/1">Ducks return to the mill pond</a><a href="/a/2">Choir looks for a bass</a></div>'
HEAD = "<h1>Swing bridge closes for nine months</h1><div>By Ada Quill</div><div>14 May 2024, 21:40 BST</div>"

COMMENTS = [
    ("Grey Heron", "The ferry never runs on time, I have waited an hour twice."),
    ("Millie P", "Good, that bridge frightened my dog every single morning."),
    ("Ostler", "Nine months means two years, you will see what comes of it."),
]


def comment_layouts() -> dict[str, str]:
    """The same three comments in the markups that pages use."""
    stamp = "15 May 2024, 0{}:12"
    rows = [(name, stamp.format(n), text) for n, (name, text) in enumerate(COMMENTS, 1)]
    layouts = {
        "hashed classes": (
            "<section class='a9x'><h3>3 comments</h3>",
            "<div class='k2'><span class='z'>{0}</span> <i>{1}</i><div class='t'>{2}</div><button>Reply</button></div>",
            "</section>",
        ),
        "schema.org": (
            "<div class='q'>",
            "<div itemscope itemtype='https://schema.org/Comment'><span itemprop='author'>{0}</span><time itemprop='dateCreated'>{1}</time><p itemprop='text'>{2}</p></div>",
            "</div>",
        ),
        "german class name": (
            "<div class='leserkommentare'><h3>Kommentare</h3>",
            "<div><b>{0}</b> schrieb am {1}<p>{2}</p></div>",
            "</div>",
        ),
        "details": (
            "<div><h4>Reader comments (3)</h4>",
            "<details open><summary>{0}, {1}</summary><p>{2}</p></details>",
            "</div>",
        ),
        "forum table": (
            "<div><h3>Discussion (3)</h3><table>",
            "<tr><td>{0}<br>{1}</td><td>{2}</td></tr>",
            "</table></div>",
        ),
        "wordpress list": (
            "<div id='comments'><h2>3 thoughts on bridges</h2><ol class='commentlist'>",
            "<li><cite>{0}</cite> says:<br><a href='#c'>{1}</a><p>{2}</p><a href='#r'>Reply</a></li>",
            "</ol></div>",
        ),
        "nested replies": (
            "<div><h3>Comments (3)</h3><ul>",
            "<li><div>{0} · {1}</div><div>{2}</div><div>Reply · Report</div><ul>",
            "</ul></li></ul></li></ul></li></ul></div>",
        ),
        "author and time on two lines": (
            "<div class='comments-area'>",
            "<div class='comment'><div class='comment-author'>{0}</div><div class='comment-date'>{1}</div><p>{2}</p></div>",
            "</div>",
        ),
    }
    return {name: start + "".join(row.format(*r) for r in rows) + end for name, (start, row, end) in layouts.items()}
