# SPDX-License-Identifier: BSD-2-Clause
"""What other parsers' authors expect of their own messages, against what we make of them.

Stalwart's mail-parser has a .json beside each message, Apache mime4j an .xml. What is
compared: the text parts, in their order, and what they hold. mime_corpus.known lists the
messages where we differ, and why; one that does not differ any more has to leave the list.
"""

import json
import os
import re
import xml.etree.ElementTree as ElementTree

TEXT_KINDS = ("text/plain", "text/html", "text/x-amp-html", "text/calendar")


def squeeze(text):
    """Without what readers may differ in: line ends, and white space at the end."""
    return re.sub(r"[ \t\r]*\n", "\n", text.replace("\r\n", "\n")).strip()


def is_subsequence(ours, theirs):
    """The first of ours that is missing among theirs, or None."""
    rest = iter(theirs)
    for text in ours:
        if not any(text == other for other in rest):
            return text
    return None


def stalwart_texts(path):
    with open(path, encoding="utf-8") as file:
        tree = json.load(file)
    found = []
    for part in tree["parts"]:
        for kind in ("Text", "Html"):
            if kind in part["body"]:
                found.append((squeeze(part["body"][kind]), is_attached(part)))
    return found


def is_attached(part):
    for field in part["headers"]:
        if field["name"] in ("content_disposition", {"other": "Content-Disposition"}):
            value = field["value"].get("ContentType", {})
            return value.get("c_type", "").lower() not in ("", "inline")
    return False


def field_of(body_part, name):
    for field in body_part.find("header"):
        key, _, value = (field.text or "").partition(":")
        if key.strip().lower() == name:
            return " ".join(value.split()).lower()
    return ""


def mime4j_leaves(node, found):
    """Text parts as they stand, encoded; what forwarded messages hold is left out."""
    for child in node:
        if child.tag == "multipart":
            kind = field_of(node, "content-type")
            if not kind.startswith(("multipart/signed", "multipart/encrypted")):
                for part in child:
                    if part.tag == "body-part":
                        mime4j_leaves(part, found)
        elif child.tag == "body":
            kind = field_of(node, "content-type").split(";")[0].strip() or "text/plain"
            attached = field_of(node, "content-disposition").split(";")[0] not in ("", "inline")
            if kind in TEXT_KINDS:
                found.append((squeeze(child.text or ""), attached))
    return found


def mime4j_texts(path):
    with open(path, "rb") as file:
        text = file.read().decode("iso-8859-1")
    return mime4j_leaves(ElementTree.fromstring(text), [])


def expected(path):
    """(what to compare, [(text, attached)]), or None where there is no expected tree."""
    stem, ending = os.path.splitext(path)
    if ending == ".eml" and os.path.exists(stem + ".json"):
        return "text", stalwart_texts(stem + ".json")
    if ending == ".msg" and os.path.exists(stem + ".xml"):
        return "content", mime4j_texts(stem + ".xml")
    return None


def differs(path, parts):
    """Why our parts [(kind, content, text)] are not what is expected; None: they are, or
    nothing is."""
    try:
        tree = expected(path)
    except (ElementTree.ParseError, UnicodeError) as error:
        return f"the expected tree can't be read: {error}"
    if tree is None:
        return None
    what, theirs = tree
    if what == "text":
        ours = [squeeze(text.decode("utf-8")) for _, _, text in parts]
    else:
        ours = [squeeze(content.decode("iso-8859-1")) for _, content, _ in parts]
    missing = is_subsequence(ours, [text for text, _ in theirs])
    if missing is not None:
        return f"a text part that is not expected: {missing[:60]!r}"
    missing = is_subsequence([text for text, attached in theirs if not attached], ours)
    if missing is not None:
        return f"no text part that holds {missing[:60]!r}"
    return None


def read_known(path):
    known = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, _, reason = line.strip().partition(": ")
            if name and not name.startswith("#"):
                known[name] = reason
    return known
