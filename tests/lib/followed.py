# SPDX-License-Identifier: BSD-2-Clause
"""A campaign to servers that answer in many ways, with the relay's log followed."""

MESSAGE = """\
From: Shop <news@shop.example>
To: all@shop.example
Message-ID: <{id}@shop.example>
X-Campaign: {campaign}
Subject: Hello {{{{ contact.first_name }}}}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello {{{{ contact.first_name }}}}.
"""

SETTINGS = """\
outbox_retry_min = "1s"
outbox_retry_max = "2s"
settle_wait = "2s"
# So many come back here that the campaign would be paused.
watch_bounces = 0
watch_complaints = 0
"""

SECTIONS = """\
campaign "first" {
}
campaign "second" {
}
"""


def message(campaign, number):
    return MESSAGE.format(id=f"{campaign}-{number}", campaign=campaign).replace("\n", "\r\n").encode()
