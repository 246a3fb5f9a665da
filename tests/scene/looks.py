#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tracked newsletters look as their authors drew them: pictures before and after are compared.

Each template that looks.list names is sent through Postfix and mailtailord, with links and
opens tracked, and headless Chromium draws the author's HTML and the HTML that arrived, 600 and
360 pixels wide: once as in a mailbox that shows no images, and once with an image for each
address, the pixel's as well. Every pixel has to be the same, and the page has to be as long as
it was. No network is asked for anything.

The pages without images are transactional mail; those with images are marketing mail, whose
footer is left out of the comparison. Without corpora, Chromium or python3-pil nothing runs, and the
test counts as skipped."""

import argparse
import email
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import browser
import corpora
import verify
from client import Client
from lab import Lab, LabError
from testbed import Testbed

LIST = os.path.join(HERE, "looks.list")
BASE = "https://t.shop.example"
WIDTHS = (600, 360)
SETTINGS = 'token_keys = "{keys}"\ntracking_url = "' + BASE + '"\n'
SECTIONS = 'campaign "receipt" {\n\tkind = transactional\n}\ncampaign "offer" {\n}\n'
# The one that is built in.
FOOTER = 'div[style^="clear:both;padding:16px"]'
CID = "http://mail.invalid/cid/"  # where the page finds what it calls cid:
RELATIVE = re.compile(r"""(<img\b[^>]*?\bsrc=["'])(?![a-z]+:|//|["'{*])([^"']+)""", re.I)

PICTURE = corpora.png(160, 90, 200)
INLINE = corpora.png(60, 40, 120)
PIXEL = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\1D\0;"


class Template:
    """`html`: what the author wrote, relative images being inline ones."""

    def __init__(self, name, number):
        self.name, self.number = name, number
        self.recipients = {campaign: f"{campaign}-{number}@looks.example"
                           for campaign in ("receipt", "offer")}
        text, self.charset = corpora.read_html(name)
        self.cids = []
        self.html = RELATIVE.sub(self.inline, text)
        # Another language's tags are text to us, which an author says so.
        self.raw = "{{" in text or "{%" in text

    def inline(self, match):
        self.cids.append(f"image{len(self.cids)}@shop.example")
        return f"{match[1]}cid:{self.cids[-1]}"

    def letter(self, campaign):
        html = "{% raw %}" + self.html + "{% endraw %}" if self.raw else self.html
        return f"X-Campaign: {campaign}\r\n".encode() + corpora.letter(
            self.name, html, self.charset, self.number,
            images=[(cid, INLINE) for cid in self.cids])


def names():
    with open(LIST, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


# --- pictures ---

class Painter:
    """`footer`: selector of an element that is not drawn, with the empty rows at a page's end."""

    def __init__(self, chromium, footer=None):
        self.chromium, self.footer = chromium, footer
        self.cut = False  # the last page had the footer

    def draw(self, html, inline, width, shown):
        """(picture, whether the open pixel was asked for). `inline`: {Content-ID: bytes};
        `shown`: images come."""
        def image(url):
            if url.startswith(CID):
                return inline.get(url[len(CID):])
            if not shown:
                return None
            return PIXEL if url.startswith(BASE) else PICTURE

        picture, asked = self.chromium.draw(html.replace("cid:", CID), width, image)
        rows = self.footer and self.chromium.rows_of(self.footer)
        self.cut = bool(rows)
        if rows:
            picture = without_rows(picture, *rows)
        if self.footer:
            picture = without_empty_end(picture)
        return picture, any(url.startswith(BASE + "/o/") for url in asked)


def without_rows(picture, top, bottom):
    """What is below moves up."""
    width, height = picture.size
    rest = browser.Image.new("RGB", (width, height - (bottom - top)))
    rest.paste(picture.crop((0, 0, width, top)), (0, 0))
    rest.paste(picture.crop((0, bottom, width, height)), (0, top))
    return rest


def without_empty_end(picture):
    """A footer ends the margins of what stands above it, and may end in half a row."""
    width, height = picture.size
    last = picture.getpixel((0, height - 1))
    rest = browser.ImageChops.difference(picture, browser.Image.new("RGB", picture.size, last))
    box = rest.getbbox()
    return picture.crop((0, 0, width, box[3] if box else 1))


def without_half_row(one, two):
    """What ends in half a row ends in a whole one where a footer follows; receipts, which have none,
    are compared to the last row."""
    width, height = one.size[0], min(one.size[1], two.size[1])
    if abs(one.size[1] - two.size[1]) > 1:
        return one, two
    return one.crop((0, 0, width, height)), two.crop((0, 0, width, height))


def difference(one, two):
    """None, or what is different, in words."""
    if one.size != two.size:
        return f"{one.size[0]}x{one.size[1]} pixels became {two.size[0]}x{two.size[1]}"
    if one.tobytes() == two.tobytes():
        return None
    count = sum(a != b for a, b in zip(one.getdata(), two.getdata()))
    return f"{count} of {one.size[0] * one.size[1]} pixels differ"


def is_blank(picture):
    """Nearly all of one colour."""
    colours = picture.getcolors(1 << 24)
    return max(count for count, _ in colours) > 0.998 * picture.size[0] * picture.size[1]


def compare(painter, template, message, shown, keep):
    """Sentences, and the number of pixels that were compared."""
    arrived = verify.text_of(message.data, "html")
    inline = {(part["Content-ID"] or "").strip("<> "): part.get_payload(decode=True)
              for part in email.message_from_bytes(message.data).walk()}
    faults, pixels = [], 0
    if BASE + "/o/" not in arrived:
        faults.append("there is no pixel in it")
    for width in WIDTHS:
        before, _ = painter.draw(template.html, dict.fromkeys(template.cids, INLINE), width, shown)
        after, opened = painter.draw(arrived, inline, width, shown)
        if painter.footer:
            before, after = without_half_row(before, after)
        fault = difference(before, after)
        if is_blank(before):
            fault = "the author's page is blank"
        elif not opened:
            fault = fault or "the open pixel was not asked for"
        elif painter.footer and not painter.cut:
            fault = fault or "there is no footer"
        if fault:
            faults.append(f"{width} pixels wide, {'with' if shown else 'without'} images: {fault}")
        if keep and fault:
            save(keep, f"{template.name}-{width}-{'shown' if shown else 'hidden'}", before, after)
        pixels += before.size[0] * before.size[1]
    return faults, pixels


def save(folder, name, before, after):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, re.sub(r"[^\w.-]", "_", name))
    before.save(path + "-before.png")
    after.save(path + "-after.png")


SAMPLE = ('<html><head><style>img { width: 100%% !important; height: auto !important }</style>'
          '</head><body style="margin: 0; background: #eee"><table width="100%%" height="400"><tr>'
          '<td><a href="https://shop.example/">Sale</a></td></tr></table>%s</body></html>')


def self_check(chromium):
    """The comparison has to see each of these; sentences about what it does not."""
    strict, footer, missed = Painter(chromium), Painter(chromium, "#added"), []
    for painter, what, html, same in (
            (strict, "the same page", SAMPLE % "", True),
            (strict, "a letter", SAMPLE.replace("Sale", "Sa1e") % "", False),
            (strict, "a colour", SAMPLE.replace("#eee", "#eed") % "", False),
            (strict, "a pixel in a line of its own",
             SAMPLE % f'<img src="{BASE}/o/x" width="1" height="1" alt="">', False),
            (strict, "a footer", SAMPLE % '<p id="other">Footer</p>', False),
            (footer, "a letter above a footer",
             SAMPLE.replace("Sale", "Sa1e") % '<div id="added">Footer</div>', False),
            (footer, "a footer that is left out",
             SAMPLE % '<div id="added" style="height: 40px">Footer</div>', True)):
        first, _ = painter.draw(SAMPLE % "", {}, 360, True)
        if (difference(first, painter.draw(html, {}, 360, True)[0]) is None) != same:
            missed.append(f"the comparison is wrong about: {what}")
    return missed


# --- the run ---

def send_all(bed, templates):
    with Client(bed.postfix.port) as client:
        for template in templates:
            for campaign, recipient in template.recipients.items():
                result = client.send(corpora.SENDER, [recipient], template.letter(campaign))
                if not result.accepted:
                    raise LabError(f"{template.name}: {result.last}")
        client.quit()


def look_at(bed, painters, template, keep):
    """Whether something differs; prints it."""
    faults, pixels = [], 0
    for campaign, recipient in template.recipients.items():
        message = bed.sink.wait_of(recipient, seconds=60 * bed.patience)[0]
        found, count = compare(painters[campaign], template, message, campaign == "offer", keep)
        faults += found
        pixels += count
    print(f"{'differs' if faults else 'ok     '} {template.name} ({pixels} pixels)", flush=True)
    for fault in faults:
        print(f"FAIL {template.name}: {fault}")
    return bool(faults)


def run(lab, arguments, templates):
    """Number of failures."""
    keys = lab.path("tokens")
    bed = Testbed(lab, arguments.build, extra=SECTIONS, policy=False,
                  settings=SETTINGS.format(keys=keys), level="info")
    bed.daemon.write_config()
    bed.daemon.tool("key", "new", keys)
    bed.start()
    bed.daemon.import_contacts("email\n" + "".join(
        f"{recipient}\n" for template in templates for recipient in template.recipients.values()))
    send_all(bed, templates)
    failed = 0
    with browser.Browser(lab) as chromium:
        for fault in self_check(chromium):
            print(f"FAIL {fault}")
            failed += 1
        painters = {"receipt": Painter(chromium), "offer": Painter(chromium, FOOTER)}
        for template in templates:
            failed += look_at(bed, painters, template, arguments.keep)
    bed.settle()
    status = bed.stop()
    for fault in [f"mailtailord left with {status}"] * (status != 0) + bed.daemon.reports():
        print(f"FAIL {fault}")
        failed += 1
    return failed


def reason_to_skip():
    if corpora.folder() is None:
        return "there are no corpora: set MAILTAILOR_CORPORA"
    return browser.missing()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="folder with the programs (default: $MAILTAILOR_BUILD)")
    parser.add_argument("--only", default="", help="templates whose name contains this")
    parser.add_argument("--keep", metavar="FOLDER", help="save pictures that differ to there")
    arguments = parser.parse_args()
    reason = reason_to_skip()
    if reason:
        print(f"{reason}\nlooks: 0 passed, 0 failed, 1 skipped")
        return 0
    # Who has other corpora draws what is there.
    here = [name for name in names() if os.path.exists(os.path.join(corpora.folder(), name))]
    templates = [Template(name, number) for number, name in enumerate(here)
                 if arguments.only in name]
    if not templates:
        print("the corpora have nothing of looks.list\nlooks: 0 passed, 0 failed, 1 skipped")
        return 0
    try:
        with Lab() as lab:
            failed = run(lab, arguments, templates)
    except LabError as error:
        print(f"FAIL {error}")
        failed = 1
    print(f"looks: {max(0, len(templates) - failed)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
