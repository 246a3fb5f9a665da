/* SPDX-License-Identifier: BSD-2-Clause
 *
 * machine: is it a person who asks?
 *
 * Mail passes scanners that open each link, and proxies that fetch each image, before or
 * instead of the reader. What they do is recorded, but as theirs. Judged here is what one
 * request says about itself: words that programs put into User-Agent, the lack of what
 * every browser sends, and the fields that say "fetched ahead".
 *
 * Threads: any; touches only its arguments.
 */
#include "web/internal.h"

#include <strings.h>

/* In lower case. Words that name a kind of program; names of those that don't say. */
static const char *const words[] = {"bot", "crawl", "spider", "scan", "slurp", "archiver", "fetch",
    "preview", "monitor", "headless", "phantomjs", "selenium", "puppeteer", "playwright",
    "lighthouse", "prerender", "validator", "checker", "scraper", "indexer", "feed", "rss",
    "sitemap", "uptime", "pingdom", "libwww", "lwp", "httpclient", "http-client", "http_client",
    "http client", "okhttp", "python", "java/", "java_", "curl", "wget", "perl", "ruby", "php",
    "go-http", "axios", "node-fetch", "undici", "aiohttp", "guzzle", "winhttp", "libcurl",
    "apache-http", "reactornetty", "dart:io", "postman", "insomnia", "nmap", "nikto", "sqlmap",
    "masscan", "zgrab", "nutch", "heritrix", "httrack", "facebookexternalhit", "whatsapp",
    "telegram", "skypeuripreview", "slack", "discord", "embedly", "mediapartners", "google-",
    "googleimageproxy", "ggpht", "yahoomailproxy", "yahoocachesystem", "bingpreview",
    "outlookimageproxy", "proofpoint", "mimecast", "barracuda", "symantec", "ironport",
    "trendmicro", "fireeye", "forcepoint", "safelinks", "urldefense", "virustotal", "security",
    "inspect", "research", "survey", "test", "analyz", "www.", "http://", "https://", "@"};

static bool
contains_nocase(struct str text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.n; i++) {
		if (strncasecmp(text.p + i, word, n) == 0)
			return true;
	}
	return false;
}

static const char *
by_agent(struct str agent)
{
	if (agent.n == 0)
		return "no agent";
	/* Apple's Mail Privacy Protection names nothing but this. */
	if (str_is(agent, "Mozilla/5.0"))
		return "privacy proxy";
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (contains_nocase(agent, words[i]))
			return "agent";
	}
	return NULL;
}

static bool
is_ahead(const struct web_request *request)
{
	static const char *const fields[] = {"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct str value = web_header(request, fields[i]);

		if (value.p != NULL &&
		    (contains_nocase(value, "prefetch") || contains_nocase(value, "prerender") ||
			contains_nocase(value, "preview")))
			return true;
	}
	return false;
}

const char *
web_machine(const struct web_request *request)
{
	if (is_ahead(request))
		return "fetched ahead";
	return by_agent(str_trim(web_header(request, "User-Agent")));
}
