"""The code samples of Markdown pages: fenced blocks marked `cpp` or `sh`, and what is said of them.

A comment directly before a block says what it is:

    <!-- sample: coroutine -->            the body of a coroutine that has io, bus, pub and sub
    <!-- sample: callbacks -->            the body of a function that has them; io runs after it
    <!-- sample: blocking -->             the same with the synchronous API
    <!-- sample: declarations -->         what the fragments after it on this page may use
    <!-- sample: program -->              a whole program (so is each block with a main())
    <!-- sample: beside -->               shell: runs beside the blocks after it, until they are done
    <!-- sample: not run: REASON -->      only looked at

and may add

    closed               it ends when its broker is closed (or its synchronous subscriber)
    with="COMMAND"       a shell command to run once it has subscribed
    prints="TEXT"        what it has to print; then it is ended
    package=NAME         needs this package of pkg-config; the sample is skipped where it is missing
    header=NAME          the same for a header
"""
import dataclasses
import pathlib
import re
import shlex

KINDS = ("coroutine", "callbacks", "blocking", "declarations", "program", "beside", "not run")
COMMENT = re.compile(r"^\s*<!-- sample: (.*) -->\s*$")
FENCE = re.compile(r"^(\s*)(```+)\s*(\S*)\s*$")


@dataclasses.dataclass
class Sample:
    page: str
    line: int                  # of its first line of code
    language: str
    text: str
    kind: str = ""
    reason: str = ""           # why it is not run
    options: dict = dataclasses.field(default_factory=dict)

    @property
    def name(self):
        return f"{self.page}:{self.line} {self.kind or self.language}"


def understand(sample, mark):
    if mark is None:
        if sample.language == "cpp" and re.search(r"^int main\(", sample.text, re.MULTILINE):
            sample.kind = "program"
        return sample
    if mark.startswith("not run:"):
        sample.kind, sample.reason = "not run", mark[8:].strip()
        return sample
    sample.kind, *rest = shlex.split(mark)
    if sample.kind not in KINDS:
        raise ValueError(f"{sample.page}:{sample.line}: {sample.kind!r} is no kind of sample")
    sample.options = dict((o.split("=", 1) + [True])[:2] for o in rest)
    return sample


def samples_of(root, page):
    """All of a page, in order."""
    found, mark, fence, start = [], None, None, 0
    lines = (pathlib.Path(root) / page).read_text().splitlines()
    for number, line in enumerate(lines, 1):
        match = FENCE.match(line)
        if fence:
            if match and match[2] == fence[2] and not match[3]:
                if fence[3] in ("cpp", "sh"):
                    text = "\n".join(l.removeprefix(fence[1]) for l in lines[start:number - 1])
                    sample = Sample(str(page), start + 1, fence[3], text + "\n")
                    found.append(understand(sample, mark))
                fence = mark = None
        elif match:
            fence, start = match, number
        elif comment := COMMENT.match(line):
            mark = comment[1]
        elif line.strip():
            mark = None
    if fence:
        raise ValueError(f"{page}:{start}: the block is not closed")
    return found


def pages(root):
    root = pathlib.Path(root)
    return ["README.md"] + sorted(str(p.relative_to(root)) for p in (root / "docs").rglob("*.md"))
