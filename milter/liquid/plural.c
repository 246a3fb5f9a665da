/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plural: the rules of the languages; see plural.h
 *
 * One function per rule, one row per rule with the languages that follow it. The
 * operands have the names that CLDR gives them (UTS #35, Part 3, Plural Rules), so that a
 * function can be held against its rule. The exponent `e` of compact numbers (1.2M) is
 * always 0 here.
 */
#include "liquid/plural.h"

/* Integers beyond this keep their last digits only: no rule looks at more. */
#define WHOLE_MAX ((__int128)1000000000000)

const char *const plural_names[PLURAL_COUNT] = {"zero", "one", "two", "few", "many", "other"};

struct operands {
	int64_t i; /* digits before the point */
	int v;	   /* how many there are after it */
	int64_t f; /* those digits */
	int64_t t; /* the same without zeros at the end */
};

static bool
within(int64_t n, int64_t first, int64_t last)
{
	return n >= first && n <= last;
}

/* n = value: a number without a fraction other than zeros. */
static bool
is(const struct operands *o, int64_t value)
{
	return o->t == 0 && o->i == value;
}

/* n % modulus, -1 if n has a fraction. */
static int64_t
rest(const struct operands *o, int64_t modulus)
{
	return o->t == 0 ? o->i % modulus : -1;
}

static bool
is_million(const struct operands *o)
{
	return o->v == 0 && o->i != 0 && o->i % 1000000 == 0;
}

static enum plural
rule_none(const struct operands *o)
{
	(void)o;
	return PLURAL_OTHER;
}

static enum plural
rule_english(const struct operands *o)
{
	return o->i == 1 && o->v == 0 ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural
rule_one(const struct operands *o)
{
	return is(o, 1) ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural
rule_hindi(const struct operands *o)
{
	return o->i == 0 || is(o, 1) ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural
rule_punjabi(const struct operands *o)
{
	return is(o, 0) || is(o, 1) ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural
rule_armenian(const struct operands *o)
{
	return o->i <= 1 ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural
rule_french(const struct operands *o)
{
	if (o->i <= 1)
		return PLURAL_ONE;
	return is_million(o) ? PLURAL_MANY : PLURAL_OTHER;
}

static enum plural
rule_italian(const struct operands *o)
{
	return is_million(o) ? PLURAL_MANY : rule_english(o);
}

static enum plural
rule_spanish(const struct operands *o)
{
	return is_million(o) ? PLURAL_MANY : rule_one(o);
}

static enum plural
rule_danish(const struct operands *o)
{
	return is(o, 1) || (o->t != 0 && o->i <= 1) ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural
rule_icelandic(const struct operands *o)
{
	int64_t n = o->t == 0 ? o->i : o->t;

	return n % 10 == 1 && n % 100 != 11 ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural
rule_macedonian(const struct operands *o)
{
	if ((o->v == 0 && o->i % 10 == 1 && o->i % 100 != 11) ||
	    (o->f % 10 == 1 && o->f % 100 != 11))
		return PLURAL_ONE;
	return PLURAL_OTHER;
}

static enum plural
rule_sinhala(const struct operands *o)
{
	return is(o, 0) || is(o, 1) || (o->i == 0 && o->f == 1) ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural
rule_filipino(const struct operands *o)
{
	int64_t last = (o->v == 0 ? o->i : o->f) % 10;

	if ((o->v == 0 && within(o->i, 1, 3)) || (last != 4 && last != 6 && last != 9))
		return PLURAL_ONE;
	return PLURAL_OTHER;
}

static enum plural
rule_latvian(const struct operands *o)
{
	int64_t tens = rest(o, 100);

	if ((tens >= 0 && (tens % 10 == 0 || within(tens, 11, 19))) ||
	    (o->v == 2 && within(o->f % 100, 11, 19)))
		return PLURAL_ZERO;
	if (tens % 10 == 1 || (o->v == 2 && o->f % 10 == 1 && o->f % 100 != 11) ||
	    (o->v != 2 && o->f % 10 == 1))
		return PLURAL_ONE;
	return PLURAL_OTHER;
}

static enum plural
rule_lithuanian(const struct operands *o)
{
	int64_t tens = rest(o, 100);

	if (tens < 0)
		return PLURAL_MANY;
	if (tens % 10 == 0 || within(tens, 11, 19))
		return PLURAL_OTHER;
	return tens % 10 == 1 ? PLURAL_ONE : PLURAL_FEW;
}

static enum plural
rule_hebrew(const struct operands *o)
{
	if ((o->i == 1 && o->v == 0) || (o->i == 0 && o->v != 0))
		return PLURAL_ONE;
	return o->i == 2 && o->v == 0 ? PLURAL_TWO : PLURAL_OTHER;
}

static enum plural
rule_two(const struct operands *o)
{
	return is(o, 2) ? PLURAL_TWO : rule_one(o);
}

static enum plural
rule_romanian(const struct operands *o)
{
	if (o->i == 1 && o->v == 0)
		return PLURAL_ONE;
	return o->v != 0 || is(o, 0) || within(rest(o, 100), 1, 19) ? PLURAL_FEW : PLURAL_OTHER;
}

/* Those of the Slavic languages that look at the last digits. */
static enum plural
slavic(int64_t n)
{
	if (n % 10 == 1 && n % 100 != 11)
		return PLURAL_ONE;
	return within(n % 10, 2, 4) && !within(n % 100, 12, 14) ? PLURAL_FEW : PLURAL_MANY;
}

static enum plural
rule_serbian(const struct operands *o)
{
	enum plural whole = o->v == 0 ? slavic(o->i) : PLURAL_OTHER;
	enum plural part = slavic(o->f);

	if (whole == PLURAL_ONE || whole == PLURAL_FEW)
		return whole;
	return part == PLURAL_MANY ? PLURAL_OTHER : part;
}

static enum plural
rule_russian(const struct operands *o)
{
	return o->v == 0 ? slavic(o->i) : PLURAL_OTHER;
}

static enum plural
rule_belarusian(const struct operands *o)
{
	return o->t == 0 ? slavic(o->i) : PLURAL_OTHER;
}

static enum plural
rule_polish(const struct operands *o)
{
	if (o->v != 0)
		return PLURAL_OTHER;
	if (o->i == 1)
		return PLURAL_ONE;
	return slavic(o->i) == PLURAL_FEW ? PLURAL_FEW : PLURAL_MANY;
}

static enum plural
rule_czech(const struct operands *o)
{
	if (o->v != 0)
		return PLURAL_MANY;
	if (o->i == 1)
		return PLURAL_ONE;
	return within(o->i, 2, 4) ? PLURAL_FEW : PLURAL_OTHER;
}

static enum plural
rule_slovenian(const struct operands *o)
{
	int64_t tens = o->i % 100;

	if (o->v != 0)
		return PLURAL_FEW;
	if (tens == 1)
		return PLURAL_ONE;
	if (tens == 2)
		return PLURAL_TWO;
	return within(tens, 3, 4) ? PLURAL_FEW : PLURAL_OTHER;
}

static enum plural
rule_sorbian(const struct operands *o)
{
	int64_t tens = (o->v == 0 ? o->i : o->f) % 100;

	if (tens == 1)
		return PLURAL_ONE;
	if (tens == 2)
		return PLURAL_TWO;
	return within(tens, 3, 4) ? PLURAL_FEW : PLURAL_OTHER;
}

static enum plural
rule_arabic(const struct operands *o)
{
	int64_t tens = rest(o, 100);

	if (is(o, 0))
		return PLURAL_ZERO;
	if (is(o, 1))
		return PLURAL_ONE;
	if (is(o, 2))
		return PLURAL_TWO;
	if (within(tens, 3, 10))
		return PLURAL_FEW;
	return tens >= 11 ? PLURAL_MANY : PLURAL_OTHER;
}

static enum plural
rule_maltese(const struct operands *o)
{
	int64_t tens = rest(o, 100);

	if (is(o, 1))
		return PLURAL_ONE;
	if (is(o, 2))
		return PLURAL_TWO;
	if (is(o, 0) || within(tens, 3, 10))
		return PLURAL_FEW;
	return within(tens, 11, 19) ? PLURAL_MANY : PLURAL_OTHER;
}

static enum plural
rule_welsh(const struct operands *o)
{
	static const enum plural few[] = {PLURAL_ZERO, PLURAL_ONE, PLURAL_TWO, PLURAL_FEW,
	    PLURAL_OTHER, PLURAL_OTHER, PLURAL_MANY};

	return o->t == 0 && o->i <= 6 ? few[o->i] : PLURAL_OTHER;
}

static enum plural
rule_irish(const struct operands *o)
{
	if (o->t != 0 || !within(o->i, 1, 10))
		return PLURAL_OTHER;
	if (o->i <= 2)
		return o->i == 1 ? PLURAL_ONE : PLURAL_TWO;
	return o->i <= 6 ? PLURAL_FEW : PLURAL_MANY;
}

static enum plural
rule_gaelic(const struct operands *o)
{
	if (o->t != 0 || !within(o->i, 1, 19))
		return PLURAL_OTHER;
	if (o->i % 10 == 1)
		return PLURAL_ONE;
	return o->i % 10 == 2 ? PLURAL_TWO : PLURAL_FEW;
}

static enum plural
rule_manx(const struct operands *o)
{
	if (o->v != 0)
		return PLURAL_MANY;
	if (o->i % 10 == 1)
		return PLURAL_ONE;
	if (o->i % 10 == 2)
		return PLURAL_TWO;
	return o->i % 20 == 0 ? PLURAL_FEW : PLURAL_OTHER;
}

static enum plural
rule_breton(const struct operands *o)
{
	int64_t tens = rest(o, 100);
	bool odd = within(tens, 10, 19) || within(tens, 70, 79) || within(tens, 90, 99);

	if (tens < 0)
		return PLURAL_OTHER;
	if (tens % 10 == 1 && tens != 11 && tens != 71 && tens != 91)
		return PLURAL_ONE;
	if (tens % 10 == 2 && tens != 12 && tens != 72 && tens != 92)
		return PLURAL_TWO;
	if (!odd && (within(tens % 10, 3, 4) || tens % 10 == 9))
		return PLURAL_FEW;
	return o->i != 0 && o->i % 1000000 == 0 ? PLURAL_MANY : PLURAL_OTHER;
}

struct rule {
	enum plural (*of)(const struct operands *o);
	const char *languages; /* the more special locale first */
};

static const struct rule rules[] = {
    {rule_english, "ast de en et fi fy gl ia io lij nl sc scn sv sw ur yi"},
    {rule_italian, "ca it pt-pt"},
    {rule_french, "fr pt"},
    {rule_spanish, "es"},
    {rule_none, "bo id ig in ja jv jw km ko lo ms my su th to tt vi wo yo zh"},
    {rule_russian, "ru uk"},
    {rule_polish, "pl"},
    {rule_czech, "cs sk"},
    {rule_serbian, "bs hr sh sr"},
    {rule_slovenian, "sl"},
    {rule_belarusian, "be"},
    {rule_macedonian, "mk"},
    {rule_sorbian, "dsb hsb"},
    {rule_romanian, "mo ro"},
    {rule_lithuanian, "lt"},
    {rule_latvian, "lv prg"},
    {rule_danish, "da"},
    {rule_icelandic, "is"},
    {rule_one,
	"af an asa az bg ckb el eo eu fo gsw hu jgo ka kk kl ks ku ky lb ml mn mr nb nd ne "
	"nn no nr ny om or os pap ps rm sd sn so sq ss ssy st syr ta te tig tk tn tr ts ug "
	"uz ve vo wae xh xog"},
    {rule_hindi, "am as bn doi fa gu hi kn pcm zu"},
    {rule_punjabi, "ak bh guw ln mg nso pa ti wa"},
    {rule_armenian, "ff hy kab"},
    {rule_sinhala, "si"},
    {rule_filipino, "ceb fil tl"},
    {rule_arabic, "ar ars"},
    {rule_hebrew, "he iw"},
    {rule_two, "iu naq sat se sma smi smj smn sms"},
    {rule_maltese, "mt"},
    {rule_welsh, "cy"},
    {rule_irish, "ga"},
    {rule_gaelic, "gd"},
    {rule_manx, "gv"},
    {rule_breton, "br"},
};

bool
plural_speaks(struct str locale, const char *language)
{
	struct str known = str_c(language);

	if (locale.n < known.n ||
	    (locale.n > known.n && memchr("-_.@", locale.p[known.n], 4) == NULL))
		return false;
	for (size_t i = 0; i < known.n; i++) {
		char c = locale.p[i] == '_' ? '-' : locale.p[i];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (c != known.p[i])
			return false;
	}
	return true;
}

static const struct rule *
find_rule(struct str locale)
{
	char first = locale.n == 0 ? '\0' : (char)(locale.p[0] | 0x20);

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		const char *word = rules[i].languages;

		for (const char *end; *word != '\0'; word = *end == '\0' ? end : end + 1) {
			char language[8] = "";

			end = strchrnul(word, ' ');
			if (*word != first)
				continue;
			memcpy(language, word, (size_t)(end - word));
			if (plural_speaks(locale, language))
				return &rules[i];
		}
	}
	return &rules[0];
}

/* The last digits of a long integer, such that it stays long. */
static int64_t
shorten(__int128 n)
{
	return (int64_t)(n < WHOLE_MAX ? n : WHOLE_MAX + n % WHOLE_MAX);
}

static struct operands
operands_of(struct number number)
{
	struct operands o = {.v = number.scale};
	__int128 power = 1;
	__int128 t;

	/* Beyond all digits, it is some number of millions. */
	if (number.inexact)
		return (struct operands){.i = 1000000};
	/* A decimal that happens to be whole is shown as 2.0. */
	if (!number.integer && number.scale == 0)
		o.v = 1;
	number = number_abs(number);
	for (int i = 0; i < number.scale; i++)
		power *= 10;
	o.i = shorten(number.digits / power);
	t = number.digits % power;
	o.f = shorten(t);
	while (t != 0 && t % 10 == 0)
		t /= 10;
	o.t = shorten(t);
	return o;
}

enum plural
plural_of(struct number number, struct str locale)
{
	struct operands o = operands_of(number);

	return find_rule(locale)->of(&o);
}
