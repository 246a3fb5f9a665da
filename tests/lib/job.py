# SPDX-License-Identifier: BSD-2-Clause
"""One message to many recipients, each with a secret of their own, and what must be true
of each copy."""

import re

import verify

CAMPAIGN = "job"
DOMAIN = "shop.example"
SENDER = "news@shop.example"

SECTION = f'campaign "{CAMPAIGN}" {{\n}}\n'

MESSAGE = """\
From: "Shop for {{{{ contact.first_name }}}}" <news@shop.example>
To: readers@shop.example
Message-ID: <{id}@shop.example>
X-Campaign: job
Subject: {{{{ contact.first_name }}}}, your code is {{{{ contact.secret }}}}
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_job"

--=_job
Content-Type: text/plain; charset=utf-8

Für {{{{ contact.first_name }}}}: {{{{ contact.secret }}}}.
{{% if contact.odd == 1 %}}odd{{% else %}}even{{% endif %}}
--=_job
Content-Type: text/html; charset=utf-8

<p>Für {{{{ contact.first_name }}}}: <b>{{{{ contact.secret }}}}</b></p>
{{% for i in (1..3) %}}<p>{{{{ i }}}}. {{{{ contact.email }}}}</p>
{{% endfor %}}{filler}
--=_job--
"""

SECRET = re.compile(r"secret-[0-9a-z]+-[0-9]+")


class Job:
    """`name` goes into addresses and secrets, so that jobs on one sink keep apart."""

    def __init__(self, name, count, size=0):
        self.name = name
        self.recipients = [f"{name}-{i}@{name}.example" for i in range(count)]
        filler = "<p>" + "Lorem ipsum dolor sit amet, consectetur. " * 20 + "</p>\n"
        filler = "\n".join([filler.replace(". ", ".\n")] * (size // len(filler)))
        self.data = MESSAGE.format(id=f"job-{name}", filler=filler).replace(
            "\n", "\r\n").encode()

    def secret(self, i):
        return f"secret-{self.name}-{i}"

    def contacts(self):
        lines = ["email,first_name,secret,odd"]
        lines += [f"{address},Person {i},{self.secret(i)},{i % 2}"
                  for i, address in enumerate(self.recipients)]
        return "\n".join(lines) + "\n"

    def fault_of(self, i, message, check=None):
        """What is wrong with the copy of recipient i, or None. `check`: a verifier's."""
        data = message.data
        address = self.recipients[i]
        if message.recipients != [address]:
            return f"went to {message.recipients}"
        left = verify.template_left(data)
        if left:
            return f"a template tag is left: {left}"
        seen = verify.everything(data)
        secrets = set(SECRET.findall(seen))
        if secrets != {self.secret(i)}:
            return f"holds {sorted(secrets)} instead of {self.secret(i)} alone"
        others = set(re.findall(r"[a-z0-9]+-[0-9]+@" + re.escape(self.name) + r"\.example", seen))
        if others - {address}:
            return f"names {sorted(others - {address})}"
        text = verify.text_of(data, "plain") or ""
        if f"Für Person {i}: {self.secret(i)}." not in text:
            return f"its text is {text!r}"
        return check(data) if check else None
