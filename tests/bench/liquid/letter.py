# SPDX-License-Identifier: BSD-2-Clause
"""The newsletter of the benchmark, in each template language, and those who get it.

letter.html holds the text that all languages share, with a mark @{place} wherever a template
language has something to say; the tables below say what, so that the templates can differ in
nothing else. The engines' own escaping functions differ for quotes (&#34; or &quot;) and some
more characters: the contacts have text with &, < and >, which all of them write alike."""

import json
import os
import random
import re

HERE = os.path.dirname(os.path.abspath(__file__))

LANGUAGES = ("liquid", "handlebars", "jinja")

# place: (text from outside, which is escaped?, Liquid, Handlebars, Jinja2 and Nunjucks)
OUTPUTS = {
    "title": (True, "campaign.title", "campaign.title", "campaign.title"),
    "preheader_name": (True, "contact.first_name | default: 'Good friend'",
                       "default contact.first_name 'Good friend'",
                       "contact.first_name | default('Good friend', true)"),
    "season": (False, "campaign.season | upcase", "upcase campaign.season",
               "campaign.season | upper"),
    "name": (True, "contact.first_name | default: 'friend'",
             "default contact.first_name 'friend'",
             "contact.first_name | default('friend', true)"),
    "family": (True, "contact.last_name | upcase", "upcase contact.last_name",
               "contact.last_name | upper"),
    "company": (True, "contact.company | default: 'your kitchen'",
                "default contact.company 'your kitchen'",
                "contact.company | default('your kitchen', true)"),
    "city": (True, "contact.city", "contact.city", "contact.city"),
    "manager": (True, "contact.manager.name", "contact.manager.name", "contact.manager.name"),
    "manager_phone": (False, "contact.manager.phone", "contact.manager.phone",
                      "contact.manager.phone"),
    "plan": (False, "contact.plan | capitalize", "capitalize contact.plan",
             "contact.plan | capitalize"),
    "points": (False, "contact.points", "contact.points", "contact.points"),
    "balance": (False, "contact.balance | money: 'USD', 'en'", "money contact.balance",
                "contact.balance | money"),
    "next_order": (False, "contact.orders | plus: 1", "plus contact.orders 1",
                   "contact.orders + 1"),
    "double_points": (False, "contact.points | times: 2", "times contact.points 2",
                      "contact.points * 2"),
    "order_number": (False, "contact.last_order.number", "contact.last_order.number",
                     "contact.last_order.number"),
    "order_items": (False, "contact.last_order.pieces", "contact.last_order.pieces",
                    "contact.last_order.pieces"),
    "order_total": (False, "contact.last_order.total | money: 'USD', 'en'",
                    "money contact.last_order.total", "contact.last_order.total | money"),
    # Nunjucks does not count the dots; no text is 58 to 60 characters long.
    "order_note": (True, "contact.last_order.note | truncate: 60",
                   "truncate contact.last_order.note 60",
                   "contact.last_order.note | shorten(60)"),
    "offer_path": (False, "offer.path", "path", "offer.path"),
    "offer_name": (True, "offer.name", "name", "offer.name"),
    "offer_blurb": (True, "offer.blurb | truncate: 70", "truncate blurb 70",
                    "offer.blurb | shorten(70)"),
    "offer_price": (False, "offer.price | money: 'USD', 'en'", "money price",
                    "offer.price | money"),
    "voucher_worth": (False, "contact.voucher.worth | money: 'USD', 'en'",
                      "money contact.voucher.worth", "contact.voucher.worth | money"),
    "voucher_code": (False, "contact.voucher.code | upcase", "upcase contact.voucher.code",
                     "contact.voucher.code | upper"),
    "interests": (True, "contact.interests | join: ', '", "join contact.interests ', '",
                  "contact.interests | join(', ')"),
    "bio": (True, "contact.bio | truncate: 80", "truncate contact.bio 80",
            "contact.bio | shorten(80)"),
    "store_name": (True, "contact.store.name", "contact.store.name", "contact.store.name"),
    "store_street": (True, "contact.store.street", "contact.store.street",
                     "contact.store.street"),
    "store_city": (True, "contact.store.city", "contact.store.city", "contact.store.city"),
    "store_opens": (False, "contact.store.opens", "contact.store.opens", "contact.store.opens"),
    "editor": (True, "campaign.editor", "campaign.editor", "campaign.editor"),
    "email": (True, "contact.email", "contact.email", "contact.email"),
    "token": (False, "contact.token", "contact.token", "contact.token"),
    "email_code": (False, "contact.email | url_encode", "url_encode contact.email",
                   "contact.email | urlencode"),
    "year": (False, "campaign.year", "campaign.year", "campaign.year"),
}

# place: (Liquid and Jinja2, Handlebars, format)
DATES = {
    "since": ("contact.since", "contact.since", "%d %B %Y"),
    "renewal": ("contact.renewal", "contact.renewal", "%A, %d %B %Y"),
    "order_date": ("contact.last_order.date", "contact.last_order.date", "%d/%m/%Y"),
    "offer_ends": ("offer.ends", "ends", "%d %b %Y"),
    "voucher_until": ("contact.voucher.until", "contact.voucher.until", "%d %B"),
}

BLOCKS = {
    "if_vip": ("{% if contact.vip %}", "{{#if contact.vip}}", "{% if contact.vip %}"),
    "if_points": ("{% if contact.points > 1000 %}", "{{#if (gt contact.points 1000)}}",
                  "{% if contact.points > 1000 %}"),
    "if_last_order": ("{% if contact.last_order %}", "{{#if contact.last_order}}",
                      "{% if contact.last_order %}"),
    "for_offers": ("{% for offer in contact.offers %}", "{{#each contact.offers}}",
                   "{% for offer in contact.offers %}"),
    "if_stock": ("{% if offer.stock < 5 %}", "{{#if (lt stock 5)}}", "{% if offer.stock < 5 %}"),
    "if_gold": ("{% if contact.plan == 'gold' %}", "{{#if (eq contact.plan 'gold')}}",
                "{% if contact.plan == 'gold' %}"),
    "elsif_silver": ("{% elsif contact.plan == 'silver' %}",
                     "{{else if (eq contact.plan 'silver')}}",
                     "{% elif contact.plan == 'silver' %}"),
    "else": ("{% else %}", "{{else}}", "{% else %}"),
    "end_if": ("{% endif %}", "{{/if}}", "{% endif %}"),
    "end_for": ("{% endfor %}", "{{/each}}", "{% endfor %}"),
}


def _output(language, escaped, expression, html):
    """`html`: the engine escapes all output by itself."""
    if language == "handlebars":
        return "{{%s}}" % expression if escaped or html else "{{{%s}}}" % expression
    if escaped and not html:
        expression += " | escape"
    return "{{ %s }}" % expression


def _date(language, place):
    path, handlebars_path, pattern = DATES[place]
    if language == "handlebars":
        return f"date {handlebars_path} '{pattern}'"
    return f"{path} | date: '{pattern}'" if language == "liquid" else f"{path} | date('{pattern}')"


def template(language, html, dates):
    """The newsletter's source. `dates`: are dates formatted, or printed as they are?"""
    column = LANGUAGES.index(language)

    def fill(match):
        place = match[1]
        if place in BLOCKS:
            # Handlebars takes such a line away whole, the others leave its end.
            block = BLOCKS[place][column]
            return block + "\n" if language == "handlebars" else block
        if place in OUTPUTS:
            return _output(language, OUTPUTS[place][0], OUTPUTS[place][1 + column], html)
        expression = _date(language, place) if dates else DATES[place][column == 1]
        return _output(language, False, expression, html)

    with open(os.path.join(HERE, "letter.html"), encoding="utf-8") as file:
        return re.sub(r"@\{(\w+)\}", fill, file.read())


FIRST = ["Ada", "Zoë", "Jürgen", "Chloé", "Łukasz", "Seán", "Ingrid", "Marta", "Tomás", "Aiko",
         "Boris", "Eleni", "Priya", "Olu", "Nadia", "Hugo"]
LAST = ["Lovelace", "Müller & Sohn", "Durand", "Nowak", "Byrne", "Lindström", "Ferreira",
        "Sato", "Okafor", "Smith <the baker>", "Novák", "van den Berg"]
COMPANY = ["Smith & Sons", "Café Zentral", "R&D <Kitchen>", "", "The Long Table", "Œuvre & Pain"]
CITY = ["London", "Köln", "Lyon", "Łódź", "Galway", "Malmö", "São Paulo", "Wien"]
STREET = ["Mill Lane", "Hauptstraße", "Rue du Four", "Piotrkowska", "Quay & Dock Street"]
WORD = ["rye", "honey", "stone", "river", "oven", "salt", "crust & crumb", "linen", "smoke",
        "walnut", "barley", "harvest", "kettle", "orchard", "winter", "cellar", "bread",
        "butter <fresh>", "meadow", "basket", "caraway", "pear", "yeast", "morning"]
KIND = ["Loaf", "Jar", "Tin", "Cake", "Box", "Bottle"]


def _text(source, words):
    return " ".join(source.choice(WORD) for _ in range(words))


def _long_or_short(source):
    """So that nothing is about as long as a truncate."""
    return _text(source, 24) if source.random() < 0.7 else _text(source, 2)


def _day(source, year):
    return f"{year}-{source.randint(1, 12):02}-{source.randint(1, 28):02}"


def _price(source, most):
    return source.randint(100, most * 100) / 100


def _offer(source):
    kind = source.choice(KIND)
    return {"path": f"{kind.lower()}-{source.randint(1, 9999)}",
            "name": f"{kind} of {source.choice(WORD)} & {source.choice(WORD)}",
            "blurb": _long_or_short(source),
            "price": _price(source, 80),
            "stock": source.randint(0, 20),
            "ends": _day(source, 2026)}


def contact(source, number):
    first = source.choice(FIRST)
    row = {"last_name": source.choice(LAST),
           "email": f"reader+{number}@list.example",
           "token": f"{source.getrandbits(64):016x}",
           "company": source.choice(COMPANY),
           "city": source.choice(CITY),
           "since": _day(source, source.randint(2005, 2025)),
           "renewal": _day(source, 2027),
           "plan": source.choice(["free", "silver", "gold"]),
           "points": source.randint(0, 3000),
           "balance": _price(source, 5000),
           "orders": source.randint(0, 60),
           "vip": source.random() < 0.3,
           "manager": {"name": f"{source.choice(FIRST)} {source.choice(LAST)}",
                       "phone": f"+44 20 {source.randint(1000000, 9999999)}"},
           "interests": [source.choice(WORD) for _ in range(source.randint(1, 5))],
           "bio": _long_or_short(source),
           "voucher": {"code": f"warm-{number:x}", "worth": source.randint(5, 50),
                       "until": _day(source, 2026)},
           "store": {"name": f"Mill shop {source.choice(CITY)}",
                     "street": f"{source.choice(STREET)} {source.randint(1, 200)}",
                     "city": source.choice(CITY),
                     "opens": f"0{source.randint(6, 9)}:30"},
           "offers": [_offer(source) for _ in range(4)]}
    if source.random() < 0.9:
        row["first_name"] = first
    if row["orders"] > 0:
        row["last_order"] = {"number": f"M-{source.randint(10000, 99999)}",
                             "date": _day(source, 2026),
                             "pieces": source.randint(1, 12),
                             "total": _price(source, 2000),
                             "note": _long_or_short(source)}
    return row


def write_contacts(path, count):
    """One JSON object a line, the same for all engines and in every run."""
    source = random.Random(1)
    campaign = {"title": "Winter at the mill & by the river", "season": "winter",
                "editor": "Hanna & Piet", "year": 2026}
    with open(path, "w", encoding="utf-8") as out:
        for number in range(count):
            row = {"contact": contact(source, number), "campaign": campaign}
            out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
