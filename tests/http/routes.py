# SPDX-License-Identifier: BSD-2-Clause
"""What the web process answers to: the one list that all checks of this folder, and the seeds of
tests/fuzz/web_fuzz.c, walk. A new path, form or field is a row here."""

import collections

# path: with {c} for the path of a click's token, {o}, {u}, {p}, {v}, {h} likewise
# methods: those that are for it; any other gets 405 (None: whatever the path, a 404)
# get: the status that GET gets
# forms: fields that a POST may have, with values that are good
Route = collections.namedtuple("Route", "path methods get forms")

ROUTES = [
    Route("/health", "GET HEAD", 200, {}),
    Route("/robots.txt", "GET HEAD", 200, {}),
    Route("/metrics", "GET HEAD", 200, {}),
    Route("/.well-known/security.txt", "GET HEAD", 200, {}),
    Route("{c}", "GET HEAD", 302, {}),
    Route("{o}", "GET HEAD", 200, {}),
    Route("{h}", "GET HEAD", 200, {}),
    Route("{v}", "GET HEAD", 200, {}),
    Route("{u}", "GET HEAD POST", 200, {"List-Unsubscribe": "One-Click", "unsubscribe": "1"}),
    Route("{p}", "GET HEAD POST", 200, {"mail": "yes", "track": "no", "frequency": "weekly", "language": "de"}),
    Route("/f/news", "GET HEAD POST", 200,
          {"email": "a@http.example", "first_name": "Ada", "website": "", "stamp": "x"}),
    Route("/f/news.html", "GET HEAD", 200, {}),
    Route("/f/news.js", "GET HEAD", 200, {}),
    Route("/f/nosuchform", None, 404, {}),
    Route("/s/notatoken", None, 404, {}),
    Route("/t/notapicture.gif", None, 404, {}),
    Route("/", None, 404, {}),
    Route("/nothing/here", None, 404, {}),
]

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "get",
           "FOO"]

# Fields of a request that something is made of.
FIELDS = ["User-Agent", "X-Forwarded-For", "Purpose", "Sec-Purpose", "X-Moz", "Content-Type",
          "Host", "Referer", "Cookie", "Accept-Language", "Authorization", "Origin"]


def path_of(route, paths):
    """`paths`: {letter: path}."""
    for letter, path in paths.items():
        if route.path == "{" + letter + "}":
            return path
    return route.path
