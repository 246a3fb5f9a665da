#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Templates that a generator wrote, rendered by mailtailor and by Debian's ruby-liquid.

    liquid_ruby.py [--count N] [--seed N] [--show N]

Each seed is one template with its data. Where the two differ and no entry of KNOWN says
why, the template is made as small as it can be and printed. Exit 77: there is no Ruby
with Liquid 5.4.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(os.environ.get("MAILTAILOR_BUILD", "."), "mailtailor")
COUNT = 3000
# For 100 templates.
SECONDS_MAX = 60


# --- the two engines ---


class Engine:
    """A process that answers a line with a line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "TZ": "UTC"})

    def ask(self, cases):
        """One answer for each case, 100 at a time so that no pipe fills up."""
        answers = []
        for begin in range(0, len(cases), 100):
            chunk = cases[begin:begin + 100]
            signal.alarm(SECONDS_MAX)
            lines = "".join(json.dumps(case) + "\n" for case in chunk)
            self.process.stdin.write(lines.encode())
            self.process.stdin.flush()
            for case in chunk:
                line = self.process.stdout.readline()
                if not line:
                    sys.exit("%s ended at one of these:\n%s" % (self.process.args[0], lines))
                answers.append(json.loads(line))
        signal.alarm(0)
        return answers

    def close(self):
        self.process.kill()
        self.process.wait()


def too_slow(*_):
    sys.exit("100 templates take more than %d s" % SECONDS_MAX)


def differs(ours, theirs):
    """Messages are worded differently: that there is an error is what counts."""
    if "error" in ours or "error" in theirs:
        return "error" not in ours or "error" not in theirs
    return ours["result"] != theirs["result"]


# --- templates as trees, so that they can be made smaller ---


class Seq(list):
    """Pieces each of which may be left out."""

    def __init__(self, items=(), glue=""):
        super().__init__(items)
        self.glue = glue


def text_of(piece):
    if isinstance(piece, str):
        return piece
    glue = piece.glue if isinstance(piece, Seq) else ""
    return glue.join(text_of(p) for p in piece)


def seqs_of(piece):
    if isinstance(piece, str):
        return
    if isinstance(piece, Seq):
        yield piece
    for part in piece:
        yield from seqs_of(part)


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.depth = 0
        self.loops = 0
        self.partial = False

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    # data

    STRINGS = ("", " ", "a", "B", "abc", "Hello World", " pad ded ", "a,b,,c,", "1", "-7", "2.5",
               "10 apples", "tree\nline", "<b>bold & \"q\"</b>", "Grüße", "ßtraße", "日本語 テキスト",
               "é", "x y  z", "true", "nil", "2024-02-29", "2016-03-14T10:11:12Z", "aXbXc",
               "<p>one</p><!-- c --><script>s</script>", "a&amp;b &lt;", "100%", "a+b c%20d",
               "\ttab", "ABC abc", "mañana", "0", "foo_bar-baz")
    NUMBERS = (0, 1, 2, 3, -1, -5, 10, 42, 100, 12345, 0.0, 1.5, -2.5, 0.1, 3.14159, 1e3, -0.75,
               99.99, 2.0, 1234567.891)

    def scalar(self):
        return self.pick(None, True, False, self.random.choice(self.STRINGS),
                         self.random.choice(self.STRINGS), self.random.choice(self.NUMBERS),
                         self.random.choice(self.NUMBERS))

    def amount(self):
        if self.chance(50):
            return self.random.choice(self.NUMBERS)
        size = 10 ** self.random.randrange(-3, 15)
        return round(self.random.uniform(-size, size), self.random.randrange(9))

    def items(self):
        """Objects with the same members, as in a shop."""
        return [{"name": self.pick("b", "a", "C", "ä", "a b", None), "n": self.random.randrange(9),
                 "price": self.pick(1, 2.5, 10, "3", None), "ok": self.pick(True, False, None),
                 "tags": self.random.sample(["x", "y", "z"], self.random.randrange(3))}
                for _ in range(self.random.randrange(5))]

    def value(self):
        kind = self.random.randrange(8)
        if kind < 3:
            return self.scalar()
        if kind == 3:
            return [self.random.choice(self.STRINGS) for _ in range(self.random.randrange(5))]
        if kind == 4:
            return [self.random.randrange(-9, 20) for _ in range(self.random.randrange(6))]
        if kind == 5:
            return self.items()
        if kind == 6:
            return {k: self.scalar() for k in self.random.sample(["x", "y", "size", "first"], 2)}
        return {"x": {"y": self.scalar(), "z": [1, [2, "q"]]}, "y": self.items()}

    def data(self):
        data = {name: self.value() for name in "abcde"}
        data["s"] = self.random.choice(self.STRINGS)
        data["t"] = self.random.choice(self.STRINGS)
        data["n"] = self.random.choice(self.NUMBERS)
        data["m"] = self.amount()
        data["list"] = [self.random.choice(self.STRINGS) for _ in range(self.random.randrange(5))]
        data["nums"] = [self.amount() for _ in range(self.random.randrange(5))]
        data["items"] = self.items()
        data["none"] = None
        return data

    # expressions

    def variable(self):
        base = self.pick("a", "b", "c", "d", "e", "s", "t", "n", "m", "list", "nums", "items",
                         "none", "missing", "v", "i", "s", "n", "items", "list")
        if base == "i" and self.loops and self.chance(40):
            return "forloop." + self.pick("index", "index0", "parentloop.index", "first", "last", "rindex", "rindex0",
                                          "length")
        while self.chance(25):
            base += self.pick(".x", ".y", ".size", ".first", ".last", ".name", ".n", "[0]", "[1]",
                              "[-1]", '["x"]', ".tags", "[s]", ".price", "[n]")
        return base

    def string(self):
        text = self.pick("", " ", "a", "b", "X", ",", "abc", "-", "é", "1", "x y", "<b>", "&", "l",
                         "name", "n", "price", "ok", "missing")
        return self.pick("'%s'", '"%s"') % text

    def number(self):
        return self.pick("0", "1", "2", "3", "-1", "5", "10", "-2", "1.5", "0.5", "-0.1", "100",
                         "2.0")

    def range(self):
        return "(%s..%s)" % (self.pick("1", "0", "-1", "list.size", "2"),
                             self.pick("3", "5", "1", "items.size"))

    def value_text(self):
        kind = self.random.randrange(20)
        if kind < 11:
            return self.variable()
        if kind < 14:
            return self.string()
        if kind < 17:
            return self.number()
        if kind == 17:
            return self.range()
        return self.pick("nil", "true", "false", "empty", "blank")

    PLAIN = ("size", "downcase", "upcase", "capitalize", "escape", "escape_once", "url_encode",
             "url_decode", "strip", "lstrip", "rstrip", "strip_html", "strip_newlines", "reverse",
             "first", "last", "abs", "ceil", "floor", "round", "uniq", "sort", "sort_natural",
             "compact", "join", "newline_to_br", "base64_encode", "truncate", "truncatewords",
             "base64_url_safe_encode", "base64_encode | base64_decode",
             "base64_url_safe_encode | base64_url_safe_decode")
    WITH_STRING = ("append", "prepend", "remove", "remove_first", "remove_last", "split", "join")
    WITH_NUMBER = ("plus", "minus", "times", "divided_by", "modulo", "at_least", "at_most")
    MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
              "October", "November", "December")
    DATES = ("%Y-%m-%d", "%d.%m.%y", "%A %B %e", "%a %b %-d", "%H:%M:%S", "%I:%M %p", "%j %U %W",
             "%s", "%c", "%D %T", "%^a %#B", "%L %3N", "%05d", "%_m", "%%", "%G-W%V-%u", "%F",
             "%y%C", "%k|%l", "%10Y", "%x %X %r %R", "%h%n%t", "%-I%P", "%z", "%Z", "%:z")

    def filter(self):
        kind = self.random.randrange(16)
        if kind < 5:
            return " | " + self.random.choice(self.PLAIN)
        if kind < 7:
            return " | %s: %s" % (self.random.choice(self.WITH_STRING),
                                  self.pick(self.string(), self.variable(), self.value_text()))
        if kind < 10:
            return " | %s: %s" % (self.random.choice(self.WITH_NUMBER),
                                  self.pick(self.number(), self.number(), self.number(), "n",
                                            self.value_text()))
        if kind == 10:
            return " | slice: %s" % self.pick("0", "1", "-2", "-2, 2", "1, 3", "n, 2", "0, 0")
        if kind == 11:
            return " | %s: %s, %s" % (self.pick("replace", "replace_first", "replace_last"),
                                      self.string(), self.string())
        if kind == 12:
            return " | %s: %s" % (self.pick("truncate", "truncatewords"),
                                  self.pick("3", "1", "5, ''", "10, '…'", "0", "2"))
        if kind == 13:
            return " | default: %s" % self.pick(self.value_text(),
                                                self.value_text() + ", allow_false: true")
        if kind == 14:
            return " | %s: %s" % (self.pick("map", "where", "sort", "sort_natural", "uniq",
                                            "compact"),
                                  self.pick("'name'", "'n'", "'price'", "'ok'", "'name'", "'none'"))
        return self.pick(" | where: 'ok', true", " | where: 'n', 2 | map: 'name' | join: '/'", " | where: 'n', 3", " | concat: list",
                         " | concat: nums", " | round: 1", " | round: -1",
                         " | where: 'name', 'a'", " | concat: items")

    def day(self):
        year, month, day = (self.pick(1969, 1999, 2000, 2024, 2025, 2038),
                            self.random.randrange(1, 13), self.random.randrange(1, 29))
        name = self.MONTHS[month - 1]
        week = self.pick("Monday", "Fri", "Sun,", "Wednesday,")
        return self.pick("%d-%02d-%02d" % (year, month, day), "%d/%d/%d" % (year, month, day),
                         "%02d.%02d.%d" % (day, month, year), "%d/%d/%d" % (day, month, year),
                         "%d %s %d" % (day, name, year), "%s %d, %d" % (name, day, year),
                         "%s %d %s %d" % (week, day, name[:3], year),
                         "%d-%s-%02d" % (day, name[:3], year % 100), "%dth %s %d" % (day, name, year),
                         "%d%02d%02d" % (year, month, day), "%s %d" % (name, year))

    def hour(self):
        h, m, s = (self.random.randrange(n) for n in (24, 60, 60))
        return self.pick("%02d:%02d" % (h, m), "%02d:%02d:%02d" % (h, m, s),
                         "%d:%02d pm" % (h % 12 + 1, m), "%dam" % (h % 12 + 1),
                         "%02d:%02d:%02d.%03d" % (h, m, s, m * 9), "%d PM" % (h % 12 + 1)
                         ) + self.pick("", "", " UTC", " GMT", " +0200", "+02:00", " -0530", " EST",
                                       " PDT")

    def moment(self):
        return "'%s'" % self.pick(self.day(), self.day() + self.pick(" ", "T", "  ", " at ")
                                  + self.hour())

    def dated(self):
        """A date with something to print of it. Only what is a date: Ruby makes one out of
        any text with a number in it."""
        when = self.pick("'2024-02-29 13:05:09'", "1152098955", "'1152098955'", "'2016-03-14'",
                         "'March 14, 2016'", "'2001-02-03T04:05:06Z'", "'14 Mar 2016 3:07 pm'",
                         "'Thu, 31 Dec 2020 23:59:59 +0000'", "'2024-12-30 00:00:00'",
                         "'2021-01-03'", "-86400", "'1969-12-31 23:00:00 UTC'",
                         "'20160314T120000Z'", "'2008-10-05 12:00:00.123456'")
        when = self.pick(when, self.moment(), self.moment())
        return when + " | date: '%s'" % " ".join(
            self.random.choice(self.DATES) for _ in range(self.random.randrange(1, 3)))

    def chain(self):
        if self.chance(8):
            return [self.dated()]
        if self.chance(8):
            return ["items | %s: '%s'" % (self.pick("sort", "sort_natural", "uniq", "where", "map"),
                                          self.pick("name", "n", "price", "ok", "tags")),
                    Seq([" | map: '%s'" % self.pick("name", "n", "price")]), " | join: ', '"]
        filters = Seq()
        while self.chance(55) and len(filters) < 4:
            filters.append(self.filter())
        return [self.value_text(), filters]

    def condition(self):
        terms = [[self.comparison()]]
        more = Seq()
        while self.chance(25) and len(more) < 3:
            more.append([self.pick(" and ", " or "), self.comparison()])
        return terms + [more]

    def comparison(self):
        if self.chance(30):
            return self.value_text()
        return "%s %s %s" % (self.value_text(),
                             self.pick("==", "!=", "<>", "<", ">", "<=", ">=", "contains", "=="),
                             self.value_text())

    # nodes

    def tag(self, *parts):
        return [self.pick("{%", "{%", "{%", "{%-"), " ", *parts, " ",
                self.pick("%}", "%}", "%}", "-%}")]

    def body(self):
        self.depth += 1
        nodes = Seq()
        for _ in range(self.random.randrange(1, 4)):
            nodes.append(self.node())
        self.depth -= 1
        return nodes

    def words(self):
        return self.pick(" ", "\n", "text ", "a b\n", "Ünï ", "} } ", " % ", "\n  ", "<i>", "x")

    def output(self):
        return [self.pick("{{", "{{", "{{", "{{-"), " ", self.chain(), " ",
                self.pick("}}", "}}", "}}", "-}}")]

    def if_(self):
        name = self.pick("if", "if", "unless")
        branches = Seq()
        for _ in range(self.random.randrange(3)):
            branches.append([self.tag("elsif ", self.condition()), self.body()])
        if self.chance(50):
            branches.append([self.tag("else"), self.body()])
        return [self.tag(name, " ", self.condition()), self.body(), branches,
                self.tag("end" + name)]

    def case(self):
        branches = Seq()
        for _ in range(self.random.randrange(1, 4)):
            values = self.pick(", ", " or ").join(
                self.value_text() for _ in range(self.random.randrange(1, 3)))
            branches.append([self.tag("when ", values), self.body()])
        if self.chance(50):
            branches.append([self.tag("else"), self.body()])
        return [self.tag("case ", self.value_text()), branches, self.tag("endcase")]

    def loop(self):
        options = Seq()
        if self.chance(20):
            options.append(" reversed")
        if self.chance(25):
            options.append(" limit: %s" % self.pick("2", "0", "1", "n", "nil", "-1"))
        if self.chance(25):
            options.append(" offset: %s" % self.pick("1", "0", "continue", "n", "9"))
        name = self.pick("i", "i", "v", "s")
        over = self.pick(self.variable(), self.range(), "list", "nums", "items", "items")
        self.loops += 1
        body = self.body()
        if self.chance(20):
            body.insert(self.random.randrange(len(body) + 1), self.pick(
                "{% break %}", "{% continue %}",
                "{% if forloop.index == 2 %}{% break %}{% endif %}",
                "{% if i == 1 %}{% continue %}{% endif %}"))
        self.loops -= 1
        other = Seq()
        if self.chance(25):
            other.append([self.tag("else"), self.body()])
        return [self.tag("for ", name, " in ", over, options), body, other, self.tag("endfor")]

    def table(self):
        options = Seq()
        if self.chance(60):
            options.append(" cols: %s" % self.pick("2", "1", "3", "n"))
        if self.chance(25):
            options.append(" limit: %s" % self.pick("2", "3"))
        if self.chance(25):
            options.append(" offset: %s" % self.pick("1", "0"))
        over = self.pick("list", "nums", "items", self.range(), self.variable())
        inner = Seq([self.pick("{{ i }}", "{{ tablerowloop.col }}", "{{ tablerowloop.row }}",
                               "{{ tablerowloop.col_last }}", "x", "{{ i.name }}")])
        return [self.tag("tablerow i in ", over, options), inner, self.tag("endtablerow")]

    def lines(self):
        """A liquid tag: one tag a line."""
        inner = Seq(glue="\n")
        for _ in range(self.random.randrange(1, 4)):
            inner.append(self.pick(["echo ", self.chain()], ["assign v = ", self.chain()],
                                   ["if ", self.condition(), "\necho ", self.chain(), "\nendif"],
                                   ["for i in ", "list", "\necho i\nendfor"]))
        return ["{% liquid\n", inner, "\n%}"]

    def call(self):
        name = self.pick("p1", "p2")
        extra = self.pick("", "", ", q: %s" % self.value_text(), " with %s" % self.variable(),
                          " with %s as q" % self.variable(), " for items", " for list as q")
        return self.tag(self.pick("render", "include"), " '", name, "'", extra)

    def node(self):
        kind = self.random.randrange(40)
        if self.depth > 3 or kind < 8:
            return self.words()
        if kind < 18:
            return self.output()
        if kind < 22:
            return self.if_()
        if kind < 25:
            return self.loop()
        if kind < 28:
            return self.tag("assign ", self.pick("v", "v", "i", "s"), " = ", self.chain())
        if kind == 28:
            return [self.tag("capture v"), self.body(), self.tag("endcapture")]
        if kind == 29:
            return self.case()
        if kind == 30:
            return self.table()
        if kind == 31:
            return self.tag("cycle ", self.pick("", "'g': ", "n: "), self.pick(
                "'a', 'b'", "1, 2, 3", "s, n", "'a'"))
        if kind == 32:
            return self.tag(self.pick("increment", "decrement"), " ", self.pick("v", "w", "n"))
        if kind == 33:
            return [self.tag("raw"), self.pick("{{ a }}", "{% if %}", " x ", "{{ "),
                    self.pick("{% endraw %}", "{% endraw -%}")]
        if kind == 34:
            return self.pick([self.tag("comment"), self.body(), self.tag("endcomment")],
                             self.tag("# a note"))
        if kind == 35:
            return self.lines()
        if kind == 36:
            return self.tag("echo ", self.chain())
        if kind == 37:
            return [self.tag("ifchanged"), self.body(), self.tag("endifchanged")]
        if kind == 38 and not self.partial:
            return self.call()
        return self.output()

    def template(self):
        nodes = Seq()
        for _ in range(self.random.randrange(1, 7)):
            nodes.append(self.node())
        # A dash at the very end would trim the partials too in Ruby.
        nodes.append(".")
        return nodes

    def partials(self):
        self.partial = True
        found = {"p1": "[{{ p1 }}{{ q }}{{ forloop.index }}]",
                 "p2": text_of(self.template()) + self.pick("", "{% render 'p1' for nums %}",
                                                            "{% render 'p1', q: n %}")}
        self.partial = False
        return found


class Case:
    def __init__(self, seed):
        generator = Generator(seed)
        self.seed = seed
        self.data = generator.data()
        self.template = generator.template()
        self.templates = generator.partials()
        self.strict = generator.chance(50)

    def line(self):
        return {"template": text_of(self.template), "data": self.data,
                "templates": self.templates, "mode": "text", "strict": self.strict,
                "now": "2024-01-01T00:01:58Z"}


# --- what is known ---

def wants(pattern):
    """Applies where this stands in the template."""
    return lambda text, ours, theirs: re.search(pattern, text) is not None


def says(pattern, of="error"):
    """Applies where Ruby fails with this message."""
    return lambda text, ours, theirs: re.search(pattern, theirs.get(of, "")) is not None


def both(*tests):
    return lambda text, ours, theirs: all(test(text, ours, theirs) for test in tests)


# What of a template makes the two differ, on purpose or by the age of Liquid 5.4.
KNOWN = (
    ("since 5.5 the dashes of raw trim around it", wants(r"raw -%}")),
    ("since 5.5 a tag ends raw within an output that is not closed",
     both(wants(r"raw *-?%}{{ "), says("'raw' tag was never closed"))),
    ("without Rails Ruby knows no blank", wants(r"\bblank\b")),
    ("5.4 sorts and chooses by a member only what may have members",
     wants(r"(?<!items) \| (sort(_natural)?|where|uniq|compact|map): *'")),
    ("later the ends of a range are cut to integers",
     both(wants(r"\.\."), says("invalid integer"))),
    ("later a tablerow without cols has one row",
     both(wants("tablerow"), wants("tablerowloop.col_last"))),
    ("later text has a first and a last character", wants(r"(\.|\| *)(first|last)\b")),
    ("later each value of a when that fits runs the body",
     wants(r"when [^%]*(,| or )")),
    ("Ruby's sort shuffles what is equal",
     both(wants(r"\| sort"), lambda text, ours, theirs:
          sorted(ours.get("result", "")) == sorted(theirs.get("result", "")))),
    ("zero has no sign here", lambda text, ours, theirs: "-0.0" in theirs.get("result", "")),
    ("a partial that is missing is found by the compiler when strict",
     lambda text, ours, theirs: "there is no partial" in ours.get("error", "")),
    ("a partial counts on from the data of the template",
     both(wants("(in|de)crement"), wants("render"))),
)


def known(case, ours, theirs):
    for reason, applies in KNOWN:
        if applies(text_of(case.template) + "".join(case.templates.values()), ours, theirs):
            return reason
    return None


# --- the comparison ---


def is_unexplained(case, engines):
    ours, theirs = (engine.ask([case.line()])[0] for engine in engines)
    return differs(ours, theirs) and known(case, ours, theirs) is None


def shrink(case, engines):
    """Leaves out what can be left out while there still is a difference."""
    again = True
    while again:
        again = False
        for seq in list(seqs_of(case.template)):
            for i in reversed(range(len(seq))):
                left_out = seq.pop(i)
                if is_unexplained(case, engines):
                    again = True
                    continue
                seq.insert(i, left_out)
                if not isinstance(left_out, str) and isinstance(seq, Seq) and not seq.glue:
                    again |= unwrap(case, engines, seq, i)
        for source in (case.data, case.templates):
            for key in list(source):
                left_out = source.pop(key)
                if is_unexplained(case, engines):
                    again = True
                else:
                    source[key] = left_out


def unwrap(case, engines, seq, i):
    """Puts what stands in a block in its place."""
    block = seq[i]
    for inner in [part for part in block if isinstance(part, Seq) and part and not part.glue]:
        seq[i:i + 1] = inner
        if is_unexplained(case, engines):
            return True
        seq[i:i + len(inner)] = [block]
    return False


def report(case, engines):
    shrink(case, engines)
    ours, theirs = (engine.ask([case.line()])[0] for engine in engines)
    print("seed %d%s" % (case.seed, ", strict" if case.strict else ""))
    print("  template  %r" % text_of(case.template))
    used = {name: text for name, text in case.templates.items()}
    if used:
        print("  partials  %r" % used)
    print("  data      %s" % json.dumps(case.data, ensure_ascii=False))
    print("  ours      %s" % json.dumps(ours, ensure_ascii=False))
    print("  ruby      %s" % json.dumps(theirs, ensure_ascii=False))


def has_ruby():
    try:
        done = subprocess.run(["ruby", "-rliquid", "-e", "print Liquid::VERSION"], check=False,
                              capture_output=True, text=True)
    except FileNotFoundError:
        return False
    return done.stdout.startswith("5.4.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--show", type=int, default=20, help="differences to show at most")
    args = parser.parse_args()
    if not has_ruby():
        print("no ruby-liquid 5.4 here")
        return 77
    signal.signal(signal.SIGALRM, too_slow)
    engines = (Engine(PROGRAM, "render", "--lines"),
               Engine("ruby", os.path.join(HERE, "liquid_ruby.rb")))
    try:
        return compare(args, engines)
    finally:
        for engine in engines:
            engine.close()


def compare(args, engines):
    cases = [Case(seed) for seed in range(args.seed, args.seed + args.count)]
    lines = [case.line() for case in cases]
    ours, theirs = (engine.ask(lines) for engine in engines)
    same = fails = shown = differ = 0
    reasons = {}
    for case, a, b in zip(cases, ours, theirs):
        if not differs(a, b):
            same += 1
            fails += "error" in a
            continue
        reason = known(case, a, b)
        if reason is not None:
            reasons[reason] = reasons.get(reason, 0) + 1
            continue
        differ += 1
        if shown < args.show:
            shown += 1
            report(case, engines)
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
        print("%6d differ: %s" % (count, reason))
    print("%d templates from seed %d: %d the same (of these %d errors), %d known, %d differ"
          % (args.count, args.seed, same, fails, sum(reasons.values()), differ))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
