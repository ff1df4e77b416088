"""Makes the site: each Markdown page and each source file that one links to becomes a page of HTML."""
import html
import json
import pathlib
import posixpath
import re
import shutil
import string

import pygments
from markdown_it import MarkdownIt
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name, get_lexer_for_filename
from pygments.util import ClassNotFound

THEME = pathlib.Path(__file__).resolve().parent
ROOT = THEME.parent.parent

# What stands at the left, in this order; a page that is nowhere here is under "More".
NAVIGATION = {
    "Guide": ["README.md", "docs/guide/README.md", "docs/guide/installation.md",
              "docs/guide/concepts.md", "docs/guide/topics.md", "docs/guide/async.md",
              "docs/guide/sync.md", "docs/guide/back-pressure.md", "docs/guide/typed-messages.md",
              "docs/guide/errors.md", "docs/guide/limits.md", "docs/guide/configuration.md"],
    "Operation": ["docs/guide/containers.md", "docs/guide/systemd.md", "docs/observing.md",
                  "docs/recording.md", "docs/guide/troubleshooting.md"],
    "Behind it": ["docs/architecture.md", "docs/reliability.md", "docs/model.md",
                  "docs/performance.md", "docs/performance/README.md", "docs/decisions/README.md"],
    "Project": ["examples/README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
}
ABROAD = re.compile(r"^[a-z]+:")


def slug(text, taken):
    """The anchor that a heading gets on GitHub."""
    base = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
    name, n = base, 0
    while name in taken:
        n += 1
        name = f"{base}-{n}"
    taken.add(name)
    return name


def target_of(path):
    """Where the page of a file of the tree lies in the site."""
    if path == "README.md":
        return "index.html"
    if path.endswith(".md"):
        return re.sub(r"README\.md$", "index.md", path)[:-3] + ".html"
    if path.endswith((".svg", ".png")):
        return path
    return f"source/{path}.html"


def highlighted(code, language):
    try:
        lexer = get_lexer_by_name({"sh": "bash", "": "text"}.get(language, language))
    except ClassNotFound:
        lexer = TextLexer()
    return pygments.highlight(code, lexer, HtmlFormatter(nowrap=True))


class Page:
    """One Markdown file, read."""

    def __init__(self, site, path):
        self.site, self.path, self.target = site, path, target_of(path)
        parser = MarkdownIt("commonmark", {"html": True}).enable(["table"])
        text = (ROOT / path).read_text(encoding="utf-8")
        self.tokens = parser.parse(re.sub(r"^<!-- sample: .* -->\n", "", text, flags=re.MULTILINE))
        self.renderer = parser.renderer
        self.renderer.rules["fence"] = self.fence
        self.options = parser.options
        self.title, self.headings, self.sections = path, [], []
        self.read_headings()

    def fence(self, tokens, index, options, env):
        code = highlighted(tokens[index].content, tokens[index].info.strip())
        return f"<pre><code>{code}</code></pre>\n"

    def read_headings(self):
        taken = set()
        section = None
        for i, token in enumerate(self.tokens):
            if token.type == "heading_open":
                text = "".join(c.content for c in self.tokens[i + 1].children
                               if c.type in ("text", "code_inline"))
                anchor = slug(text, taken)
                token.attrSet("id", anchor)
                if token.tag == "h1":
                    self.title = text
                else:
                    self.headings.append((token.tag, anchor, text))
                section = {"title": text, "page": "", "text": "",
                           "href": self.target + ("" if token.tag == "h1" else f"#{anchor}")}
                self.sections.append(section)
            elif section is not None and token.type in ("inline", "fence"):
                section["text"] += " " + token.content.lower()
        for section in self.sections:
            section["page"] = self.title

    def href(self, link):
        """What a link of the page becomes in the site."""
        if ABROAD.match(link):
            return link
        path, _, anchor = link.partition("#")
        if not path:
            return link
        there = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), path))
        target = self.site.wanted(there, self.path)
        if target is None:
            return None
        return posixpath.relpath(target, posixpath.dirname(self.target) or ".") + (anchor and f"#{anchor}")

    def content(self):
        for token in self.tokens:
            for child in token.children or []:
                for name in ("href", "src"):
                    if (link := child.attrGet(name)) is not None:
                        child.attrSet(name, self.href(link) or "#")
        text = self.renderer.render(self.tokens, self.options, {})
        text = re.sub(r'(<(h[23]) id="([^"]*)">)(.*?)(</\2>)',
                      r'\1\4<a class="anchor" href="#\3" aria-label="link here">#</a>\5', text)
        return text.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")


class Site:
    def __init__(self, folder, version):
        self.folder, self.version = folder, version
        self.template = string.Template((THEME / "page.html").read_text())
        self.missing, self.sources, self.images = [], set(), set()
        names = [p for paths in NAVIGATION.values() for p in paths if (ROOT / p).exists()]
        more = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")
                      if THEME not in p.parents and "site" not in p.relative_to(ROOT).parts)
        names += [p for p in more if p not in names]
        self.pages = {path: Page(self, path) for path in names}

    def wanted(self, path, by):
        """The page for a file that `by` links to; makes sure that there will be one."""
        if path in self.pages:
            return self.pages[path].target
        if f"{path}/README.md" in self.pages:
            return self.pages[f"{path}/README.md"].target
        if path.startswith("docs/site"):
            return posixpath.relpath(path, "docs/site")
        if not (ROOT / path).exists():
            self.missing.append(f"{by}: {path} is not there")
            return None
        (self.images if path.endswith((".svg", ".png")) else self.sources).add(path)
        return target_of(path)

    def navigation(self, top, current):
        listed = {p for paths in NAVIGATION.values() for p in paths}
        more = [p for p in self.pages if p not in listed and "/decisions/" not in p]
        text = ""
        for section, paths in {**NAVIGATION, "More": more}.items():
            there = [self.pages[p] for p in paths if p in self.pages]
            if not there:
                continue
            text += f"<h2>{section}</h2>\n<ul>\n"
            for page in there:
                here = ' aria-current="page"' if page.path == current else ""
                title = "Overview" if page.path == "README.md" else page.title
                text += f'<li><a href="{top}{page.target}"{here}>{html.escape(title)}</a></li>\n'
            text += "</ul>\n"
        return text

    def write(self, target, title, content, path="", contents="", around=""):
        top = "../" * target.count("/")
        file = self.folder / target
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.template.substitute(
            title=html.escape(f"{title} - shmbus" if title != "shmbus" else title), top=top,
            version=self.version, navigation=self.navigation(top, path), content=content,
            contents=contents, around=around), encoding="utf-8")

    def write_page(self, page, before, after):
        def link(other, arrow):
            if other is None:
                return "<span></span>"
            href = posixpath.relpath(other.target, posixpath.dirname(page.target) or ".")
            return f'<a href="{href}">{arrow.format(html.escape(other.title))}</a>'

        contents = "".join(f'<li class="{tag}"><a href="#{anchor}">{html.escape(text)}</a></li>\n'
                           for tag, anchor, text in page.headings if tag in ("h2", "h3"))
        contents = f'<aside aria-label="On this page"><ul>\n{contents}</ul></aside>' if contents else ""
        self.write(page.target, page.title, page.content(), page.path, contents,
                   link(before, "&larr; {}") + link(after, "{} &rarr;"))

    def write_source(self, path):
        file = ROOT / path
        if file.is_dir():
            items = ""
            for entry in sorted(p for p in file.iterdir() if p.name != "__pycache__"):
                inner = str(entry.relative_to(ROOT))
                target = self.wanted(inner, path)
                href = posixpath.relpath(target, posixpath.dirname(target_of(path)))
                items += f'<li><a href="{href}">{entry.name}{"/" if entry.is_dir() else ""}</a></li>\n'
            self.write(target_of(path), path, f'<h1>{path}</h1>\n<ul class="listing">{items}</ul>')
            return
        text = file.read_text(encoding="utf-8", errors="replace")
        try:
            lexer = get_lexer_for_filename(file.name, text)
        except ClassNotFound:
            lexer = TextLexer()
        code = pygments.highlight(text, lexer, HtmlFormatter(nowrap=True))
        self.write(target_of(path), path, f"<h1>{path}</h1>\n<pre><code>{code}</code></pre>")

    def write_assets(self):
        assets = self.folder / "assets"
        assets.mkdir(exist_ok=True)
        for name in ("style.css", "search.js", "icon.svg"):
            shutil.copy(THEME / name, assets / name)
        light = HtmlFormatter(style="xcode").get_style_defs("pre")
        dark = HtmlFormatter(style="nord").get_style_defs("pre")
        # Only the colours of words: the block's own are the theme's.
        words = [re.sub(r"^pre \{[^}]*\}$", "", style, flags=re.MULTILINE) for style in (light, dark)]
        words = [re.sub(r"^(td|span)\.linenos.*$|^pre \.hll.*$", "", w, flags=re.MULTILINE) for w in words]
        (assets / "code.css").write_text(
            words[0] + "\n@media (prefers-color-scheme: dark) {\n" + words[1] +
            "\npre .c1, pre .cm { color: #8c9cab; }\n}\n")
        sections = [s for page in self.pages.values() for s in page.sections]
        (assets / "pages.js").write_text(f"window.shmbusPages = {json.dumps(sections)};\n")

    def build(self):
        ordered = list(self.pages.values())
        for i, page in enumerate(ordered):
            after = ordered[i + 1] if i + 1 < len(ordered) else None
            self.write_page(page, ordered[i - 1] if i else None, after)
        done = set()
        while todo := self.sources - done:
            for path in sorted(todo):
                self.write_source(path)
            done |= todo
        for path in self.images:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, self.folder / path)
        self.write_assets()
        return self.missing
