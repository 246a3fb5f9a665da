/* SPDX-License-Identifier: BSD-2-Clause
 *
 * table: every parameter of the configuration, once
 *
 * One row makes the struct member (conf.h), the parser with its default and check
 * (value.c, parse.c), the paragraph in the sample file and the one in the manual page
 * (document.c). `make check` notices when sample or manual is stale.
 *
 * A row: X(type, name, default, rule, document)
 *
 *   type  member in struct          the rule, and what a bad value is told
 *   TEXT  const char *              name of a check in check.c, or "" for any text
 *   BOOL  bool                      ""
 *   INT   int64_t                   "LOW..HIGH"
 *   TIME  int64_t, milliseconds     "LOW..HIGH", as in "1s..7d"; units ms s m h d
 *   SIZE  int64_t, bytes            "LOW..HIGH", as in "1k..1g"; units k m g (1024)
 *   ENUM  int, index of the choice  "first|second|..."
 *   LIST  struct conf_list          name of a check for each element, or ""
 *
 * A rule that begins with "required " refuses a section without the parameter. An
 * empty text is allowed where the default is empty and the rule does not require.
 * The default of a LIST is its elements with spaces between them. Paths that do not
 * begin with / are taken from the folder of the file that names them. The document
 * text becomes prose in both places: whole sentences.
 */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

/* clang-format off */
#define CONF_GLOBAL(X) \
X(TEXT, socket, "unix:/var/spool/postfix/mailtailor/milter.sock", "socket", \
  "Where the MTA reaches the milter: unix:PATH, inet:PORT@HOST or inet6:PORT@HOST. " \
  "A unix socket is faster than TCP; Debian's Postfix runs its smtpd in the folder " \
  "/var/spool/postfix, so the socket has to be below it.") \
X(TEXT, socket_mode, "0660", "mode", \
  "File mode of a unix socket, in octal.") \
X(TEXT, socket_group, "postfix", "", \
  "Group that a unix socket is given, so that the MTA may connect. Empty: not changed.") \
X(TEXT, user, "mailtailor", "", \
  "User that the worker processes run as, once sockets and keys are open. It counts only " \
  "when mailtailord is started by root.") \
X(TEXT, pid_file, "/run/mailtailor/mailtailord.pid", "path", \
  "File that holds the process id of the master; locked, so that no second daemon works on " \
  "the same database.") \
X(TEXT, database, "/var/lib/mailtailor/mailtailor.db", "path", \
  "The SQLite database with contacts, events, products, suppressions, journal and outbox. Its " \
  "folder must belong to the user above.") \
X(TEXT, log, "syslog", "log", \
  "Where log lines go: syslog (facility mail), stderr, or the path of a file.") \
X(ENUM, log_level, "info", "error|warning|info|debug", \
  "How much is logged.") \
X(INT, sessions, "0", "0..64", \
  "Number of session processes, which speak the milter protocol. 0: one a core.") \
X(INT, outbox_workers, "0", "0..64", \
  "Number of outbox processes, which tailor what waits and hand it back. 0: one a core.") \
X(INT, outbox_connections, "4", "1..100", \
  "SMTP connections that each outbox process keeps to the relay. More help where the relay is " \
  "another machine; a Postfix on this one has its hands full with a few.") \
X(INT, outbox_batch, "50", "1..1000", \
  "Recipients that an outbox process claims at a time for each connection's share of work.") \
X(TEXT, relay, "127.0.0.1:25", "hostport", \
  "HOST:PORT of the relay that tailored messages are handed back to; in most cases the same " \
  "Postfix that the campaign came through.") \
X(TIME, relay_timeout, "5m", "1s..1h", \
  "How long the relay may take to answer one SMTP command.") \
X(TIME, outbox_retry_min, "1m", "1s..1d", \
  "First pause before a recipient is tried again after a temporary failure; it doubles with " \
  "each attempt.") \
X(TIME, outbox_retry_max, "1h", "1s..7d", \
  "Longest pause between two attempts for one recipient.") \
X(TIME, outbox_lifetime, "5d", "1m..60d", \
  "A recipient who could not be served for so long after being due is given up and " \
  "journalled as failed.") \
X(TIME, outbox_keep, "7d", "0s..365d", \
  "How long finished rows and message bodies stay in the outbox.") \
X(TIME, events_keep, "1095d", "1d..36500d", \
  "How long events of contacts are kept, counted from when they happened: what was imported of " \
  "them, deliveries, opens, clicks and so on.") \
X(INT, bounce_soft, "5", "0..1000", \
  "After so many messages that came back for a passing reason (a full mailbox, a domain that is " \
  "not found) an address gets no more marketing, if within bounce_soft_time nothing was delivered " \
  "to it and nobody opened or clicked anything. 0: such bounces stop nothing. An address that is " \
  "dead is stopped at its first bounce.") \
X(TIME, bounce_soft_time, "60d", "1h..3650d", \
  "How far back bounce_soft counts.") \
X(TEXT, bounce_folder, "", "path", \
  "Maildir for returned messages that mailtailor bounce can do nothing with: those that prove no " \
  "copy of ours, complaints of senders that are not trusted, letters of people. It is made if it is " \
  "not there. Empty: DATABASE-returned.") \
X(LIST, report_senders, "yahoo.com aol.com hotmail.com outlook.com", "domain", \
  "Whose complaints count: domains of From, and those below them, if a DKIM signature of theirs " \
  "verifies. A complaint has to prove a copy of ours besides.") \
X(LIST, report_networks, "", "network", \
  "Networks whose complaints count without a signature. The relay says where a message came from: " \
  "by CLIENT_ADDRESS to a command in its aliases, else by --client.") \
X(INT, watch_bounces, "100", "0..1000", \
  "A campaign is paused when so many of a thousand copies within watch_window came back, of all or " \
  "of those to one domain, for whatever reason: its mail waits in the outbox until mailtailor " \
  "outbox resume. All campaigns with the same domain in From are looked at together, too; " \
  "mailtailor-bounces(7) says which of them are paused then. 0: never.") \
X(INT, watch_complaints, "3", "0..1000", \
  "The same for copies that were complained of. Large receivers begin to refuse at 3 of a " \
  "thousand.") \
X(TIME, watch_window, "1d", "1m..90d", \
  "How far back watch_bounces and watch_complaints look; not before the campaign was resumed.") \
X(INT, watch_minimum, "200", "1..1000000000", \
  "With fewer copies in that time, or fewer than five that came back or were complained of, no " \
  "campaign and no domain of From is judged.") \
X(TIME, view_keep, "90d", "0s..3650d", \
  "How long a message can be looked at through links.view, from when it was sent. Only messages " \
  "whose templates use links.view are kept, the same text once however many have it; a part of data " \
  "that came along is kept with it, personal data included. 0s: nothing is kept, and " \
  "links.view is empty.") \
X(TIME, settle_wait, "10s", "1s..10m", \
  "After a crash: how long the relay's log is watched before a recipient in doubt counts as " \
  "not handed over.") \
X(TIME, resubmit_window, "1d", "0s..60d", \
  "A campaign message that comes again from the same sender with the same Message-ID, Subject " \
  "and texts within this time is the same message: recipients it already has are not served twice. Without a " \
  "Message-ID the whole content must be the same and the window is at most ten minutes.") \
X(LIST, mail_log, "/var/log/mail.log", "path", \
  "The relay's log files, newest first. They say what became of each copy: see follow. After a crash " \
  "they settle which messages the relay had accepted.") \
X(BOOL, follow, "yes", "", \
  "Whether a process follows mail_log, through rotations, and keeps with each copy what the " \
  "recipient's server said of it. Files that were rotated and not yet compressed are found beside " \
  "the first one: mail.log.1, mail.log-20260131.") \
X(TEXT, postfix_config, "", "path", \
  "Postfix's configuration folder, for the commands postqueue and postconf. Empty: the " \
  "default instance.") \
X(LIST, trusted, "127.0.0.0/8 ::1/128", "network", \
  "Networks whose clients may send campaign mail. From others a campaign header means " \
  "nothing, and the message passes as ordinary mail.") \
X(BOOL, trust_authenticated, "yes", "", \
  "Whether clients that authenticated with SASL may send campaign mail, too.") \
X(TEXT, campaign_header, "X-Campaign", "header", \
  "Name of the header that marks campaign mail and names the campaign. It is removed on the " \
  "way out.") \
X(TEXT, hostname, "", "domain", \
  "Host name for Message-IDs. Empty: the domain of the From address.") \
X(SIZE, max_message, "50m", "64k..1g", \
  "Largest campaign message. A larger one is refused.") \
X(INT, max_recipients, "100000", "1..10000000", \
  "Most recipients of one campaign message in one SMTP transaction.") \
X(INT, max_headers, "1000", "10..100000", \
  "Most header fields in a campaign message.") \
X(INT, max_parts, "1000", "1..100000", \
  "Most MIME parts in a campaign message; they may nest 100 deep.") \
X(INT, worker_messages, "1000000", "0..1000000000", \
  "After so many copies a session or outbox process is replaced by a fresh one, so that what " \
  "libraries leak never adds up. It finishes what it has; no connection is dropped. 0: never.") \
X(SIZE, worker_memory, "2g", "16m..1024g", \
  "A session, outbox or plugins process that has grown to this size is replaced in the same way, " \
  "so that what plugins leak never adds up. At twice this size it is killed.") \
X(TIME, dkim_check, "5m", "1s..1d", \
  "How often DNS is asked for the records of DKIM keys with active = auto.") \
X(TEXT, dkim_dns, "", "path", \
  "File that is read instead of asking DNS for DKIM records, for tests and for machines without " \
  "a resolver. Each line: NAME, white space, the record. The record NXDOMAIN says that " \
  "there is none, SERVFAIL that the server does not answer. Empty: the system's resolver.") \
X(TEXT, templates, "", "path", \
  "Folder with templates that others take in: {% render \"brand/footer\" %} is " \
  "brand/footer.html.liquid in HTML, brand/footer.txt.liquid in text, calendars and header fields, or " \
  "brand/footer.liquid in both. Read at start and reload; " \
  "what waits in the outbox at a reload gets the new ones. Empty: there are none.") \
X(TEXT, language, "en", "tag", \
  "Language of pages and of the filter t for whom no other is known or there: en, de, es, fr, or one that the " \
  "templates folder has texts of, in locales/TAG.json: mailtailor-liquid(7).") \
X(LIST, languages, "", "tag", \
  "Languages that people may choose from on the page of preferences, as in {\"en\", \"de\"}; the choice is " \
  "contact.language. Empty: the page does not ask.") \
X(SIZE, max_data, "4m", "1k..16m", \
  "Largest part of data (application/vnd.mailtailor+json) that a campaign message may bring " \
  "along for its templates, decoded. It may name at most max_recipients addresses.") \
X(TEXT, token_keys, "", "path", \
  "File with the keys of the tokens in links, made by mailtailor key new. Read at start and " \
  "reload; others than its owner must not be able to read it. Empty: there are no tokens, " \
  "and nothing is tracked.") \
X(TEXT, tracking_url, "", "tracking", \
  "Where tracked links lead: https://t.example.com, or with a path before what mailtailor " \
  "adds. The web process answers there: see web. Empty: links " \
  "are not tracked, and links.* has no value.") \
X(BOOL, tracking_insecure, "no", "", \
  "Whether tracking_url may begin with http://, so that who listens on the way can read and " \
  "use the tokens. To this machine itself (localhost, 127.0.0.1, [::1]) it always may.") \
X(TEXT, plugin_path, "", "path", \
  "Folder with plugins: the section plugin \"NAME\" means NAME.so in it unless it says otherwise. " \
  "Empty: the folder that those of mailtailor were installed into, which pkg-config " \
  "--variable=plugindir mailtailor prints: /usr/lib/mailtailor/plugins in packages, " \
  "/usr/local/lib/mailtailor/plugins where it was built by hand. It, the folders above it and the plugins must be writable by root alone, or by the user who " \
  "starts mailtailord.") \
X(TEXT, postal_address, "", "", \
  "Postal address of the sender, in one line with commas, which marketing mail has to show: \"Shop " \
  "Ltd, 1 Main Street, Dublin\". Templates print it with {{ campaign.postal_address }}.") \
X(TEXT, web, "", "web", \
  "HOST:PORT or unix:PATH where the web process answers at tracking_url: clicks, opens, " \
  "unsubscribing. In production a web server that speaks TLS stands before it, see " \
  "conf/nginx.conf. Clicks and opens are kept in the folder DATABASE-web until the database " \
  "has them. Empty: there is no such process.") \
X(LIST, web_proxies, "127.0.0.0/8 ::1/128", "network", \
  "Networks of the web servers before it: what they say in X-Forwarded-For is believed.") \
X(LIST, security_contact, "", "contact", \
  "Where people who found a hole may tell of it, as mailto:security@shop.example or an https: " \
  "address: the web process says so in /.well-known/security.txt (RFC 9116). Empty: it says nothing.") \
X(LIST, metrics, "127.0.0.0/8 ::1/128", "network", \
  "Networks whose clients the web process shows /metrics to, numbers for Prometheus: " \
  "mailtailor-metrics(7). Others are told that there is nothing. A client behind one of web_proxies " \
  "counts by the address that it tells in X-Forwarded-For, so a proxy must send that field, or keep " \
  "/metrics to itself as conf/nginx.conf does.") \
X(ENUM, web_client, "short", "short|full|none", \
  "What is kept of a client's address with a click or open: short, its network, of 24 bits " \
  "(IPv6: 48); full; or none.") \
X(TIME, machine_soon, "2s", "0s..1m", \
  "Who opens a link or image of a message sooner after it was sent than this is taken for a " \
  "machine, see MACHINES in mailtailord(8). 0s: the time says nothing.") \
X(TIME, machine_burst, "2s", "0s..1m", \
  "Three different links of one message within this time are a machine's clicks; other " \
  "numbers of links count in proportion, see MACHINES in mailtailord(8). 0s: clicks are judged " \
  "one by one.") \
X(TEXT, picture_font, "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf", "path", \
  "Font file for the pictures that the web process draws, such as a countdown's. If it can't be " \
  "read, they have plain letters of bits.") \
X(INT, web_connections, "4000", "10..60000", \
  "Most connections to the web process at a time.") \
X(TIME, web_timeout, "15s", "1s..5m", \
  "How long a client of the web process may be silent. A whole request may take four times as " \
  "long.") \
X(INT, api_rate, "100", "1..100000", \
  "Requests a second that a key of the event API may make, unless it was made with a rate of its " \
  "own (mailtailor apikey new --rate); after a rest, ten seconds' worth may come at once. A batch is one " \
  "request. See mailtailor-api(7).") \
X(INT, cache_messages, "64", "1..100000", \
  "Compiled campaign messages that each process keeps.") \
X(SIZE, render_memory, "64m", "64k..4g", \
  "Ceiling for the memory that tailoring one copy may take, beside its attachments.") \
X(SIZE, render_source, "4m", "1k..1g", \
  "Ceiling for each template's text, together with the partials that it names.") \
X(SIZE, render_output, "4m", "1k..1g", \
  "Ceiling for each rendered part.") \
X(SIZE, render_header, "8k", "64..1m", \
  "Ceiling for each rendered header field.") \
X(INT, render_steps, "1000000", "100..1000000000", \
  "Ceiling for the steps (outputs, conditions, loop turns) that rendering one part may take.") \
X(INT, render_loops, "250000", "10..1000000000", \
  "Ceiling for the turns that all loops of one part may take together.") \
X(INT, render_depth, "100", "5..1000", \
  "How deep template tags may nest.") \
X(INT, render_partials, "100", "1..1000", \
  "How deep partials may call each other.")

#define CONF_CAMPAIGN(X) \
X(TEXT, description, "", "", \
  "A note for people; used nowhere else.") \
X(LIST, sender, "", "address", \
  "Envelope senders whose messages belong to this campaign even without the campaign header.") \
X(LIST, from, "", "address", \
  "From addresses whose messages belong to this campaign even without the campaign header.") \
X(TEXT, data, "", "path", \
  "JSON file with one object whose members templates see as campaign.NAME.") \
X(TEXT, templates, "", "path", \
  "Folder with templates for this campaign alone, instead of the general one.") \
X(LIST, plugins, "", "plugin", \
  "Plugins that this campaign uses, in the order in which they are asked; each has a section " \
  "of its own. NAME:defer, NAME:without and NAME:stop say for this campaign what on_error says " \
  "in the plugin's section.") \
X(TEXT, tracking_url, "", "tracking", \
  "Where this campaign's tracked links lead, instead of the general tracking_url.") \
X(ENUM, kind, "marketing", "marketing|transactional", \
  "marketing: where tracking_url and token_keys are set, each copy gets List-Unsubscribe and " \
  "List-Unsubscribe-Post (RFC 8058) of its own, signed; such fields of the original give way. " \
  "transactional, as receipts are: it gets none. What strict, consent, postal_address and footer " \
  "say is about marketing only.") \
X(BOOL, strict, "no", "", \
  "What becomes of a marketing message with a part that shows no link to unsubscribe or no " \
  "postal address; mailtailor.conf(5) describes under THE LAW what counts. no: that part gets the footer; yes: the message is refused " \
  "before the first recipient.") \
X(ENUM, consent, "assumed", "assumed|required", \
  "Whom marketing goes to. required: only to contacts whose consent is granted; assumed: to all " \
  "but those who have withdrawn it. The others get nothing, and the journal says \"no consent\" " \
  "or \"consent withdrawn\".") \
X(TEXT, postal_address, "", "", \
  "Postal address of this campaign's sender, instead of the general one.") \
X(TEXT, footer, "", "template", \
  "Template of the templates folder that is put at the end of marketing parts which lack the " \
  "link or the address: brand/footer is brand/footer.html.liquid in HTML and " \
  "brand/footer.txt.liquid in text. It has to show both itself. Empty: a short one that is " \
  "built in.") \
X(BOOL, automatic, "yes", "", \
  "Whether copies say that no person wrote them, so that people on holiday and help desks do " \
  "not answer: marketing by Precedence: bulk, transactional by Auto-Submitted: auto-generated " \
  "(RFC 3834), which is signed. A field of that name in the original stays as it is. no: where " \
  "a help desk or a group that drops such mail is among the recipients.") \
X(TEXT, unsubscribe_address, "", "taker", \
  "Mail address that List-Unsubscribe names beside the web address; a token goes behind its " \
  "local part, leave+TOKEN@shop.example, so the relay must take that extension. Without " \
  "tracking_url it stands there alone, and {{ links.unsubscribe }} is a mailto: of it. Empty: " \
  "only the web address.") \
X(TEXT, bounce_address, "", "taker", \
  "Envelope sender of each copy, with a token behind its local part, " \
  "bounces+TOKEN@shop.example, so that a bounce says whose it is (variable envelope return " \
  "path). The relay must take that extension and deliver such mail to whoever handles bounces. " \
  "A recipient who is no contact gets the address without a token; the null sender stays. " \
  "Wants token_keys. Empty: the sender stays as the message came.") \
X(TEXT, feedback_id, "", "feedback", \
  "Who sends, in 5 to 15 letters and digits, for a Feedback-ID of campaign, kind and sender " \
  "that Gmail counts complaints by. Empty: there is none.") \
X(TEXT, list_id, "", "domain", \
  "Identifier for a List-Id (RFC 2919), such as news.shop.example. Campaigns with the same one are " \
  "one list, which recipients may leave alone on the page of preferences. Empty: there is none.") \
X(TEXT, list_name, "", "phrase", \
  "Name of that list for people, such as Monthly news: in List-Id, and on the page of " \
  "preferences. Empty: the identifier alone.") \
X(BOOL, track_clicks, "yes", "", \
  "Whether links in HTML parts lead through tracking_url. A link marked data-track=\"off\" " \
  "never does, nor does any link to a contact whose attribute do_not_track is true.") \
X(BOOL, track_text, "no", "", \
  "Whether web addresses in text parts lead through tracking_url, too, where track_clicks is " \
  "yes. Tracked addresses are long, and readers see them.") \
X(BOOL, track_opens, "yes", "", \
  "Whether HTML parts get an invisible image by which tracking_url learns that they were " \
  "opened; not to a contact whose attribute do_not_track is true.") \
X(BOOL, honeypot, "no", "", \
  "Whether HTML parts get a link that neither eyes nor screen readers find, where track_clicks " \
  "is yes: whoever follows it is a machine, see MACHINES in mailtailord(8).") \
X(TEXT, utm_source, "", "", \
  "Value of the parameter utm_source that tracked web addresses of this campaign get, before " \
  "their fragment. A parameter that an address has already stays. Empty: none is added.") \
X(TEXT, utm_medium, "", "", \
  "The same for utm_medium.") \
X(TEXT, utm_campaign, "", "", \
  "The same for utm_campaign. Empty: the campaign's name, where utm_source or utm_medium is " \
  "set.") \
X(TEXT, utm_content, "", "", \
  "The same for utm_content.") \
X(ENUM, unknown, "bare", "bare|defer|refuse", \
  "What a recipient gets who is not in the contact store: bare, the message with nothing but " \
  "the address filled in, so that defaults apply; defer, nothing until the contact is there; " \
  "refuse, a permanent failure.") \
X(ENUM, missing, "empty", "empty|defer|fail", \
  "What a template variable without value and default does: empty, it prints nothing; defer, " \
  "the recipient waits; fail, the recipient gets nothing.") \
X(ENUM, merge_tags, "none", "none|mailchimp", \
  "Whether templates of this campaign may use another language beside Liquid: mailchimp, the " \
  "merge tags of Mailchimp, such as *|FNAME|*. mailtailor-merge(7) lists them; a message with " \
  "one that is not known is refused.") \
X(ENUM, charset, "utf-8", "utf-8|keep", \
  "Charset of text parts that were tailored: utf-8; or keep, that of the original, as long as " \
  "all that the copy says can be written in it.") \
X(ENUM, sealed, "pass", "pass|refuse", \
  "What becomes of a message that is signed or encrypted by OpenPGP or S/MIME, or has a part " \
  "that is: pass, it leaves to the byte as it came and the journal says so, the parts beside " \
  "it are tailored; refuse, it is not taken. Template tags in it are refused in any case.") \
X(ENUM, to, "recipient", "recipient|keep", \
  "recipient: each copy's To names its recipient only, and Cc is removed; keep: both stay as " \
  "they came.") \
X(INT, rate, "0", "0..100000", \
  "Most recipients a second that the outbox serves. 0: as fast as the relay takes them.") \
X(ENUM, signatures, "all", "all|rsa|ed25519", \
  "Which DKIM signatures each copy gets: all, one for each algorithm that its domain has a key " \
  "for; rsa or ed25519, that one alone, for relays that stumble over two. Some large receivers, " \
  "Gmail among them, do not verify ed25519: it should not stand alone.") \
X(BOOL, paused, "no", "", \
  "Whether the campaign starts paused; mailtailor outbox resume sets it going.")

#define CONF_PLUGIN(X) \
X(TEXT, file, "", "path", \
  "The plugin's file. Empty: NAME.so in plugin_path.") \
X(ENUM, on_error, "defer", "defer|without|stop", \
  "What becomes of a copy when the plugin fails, or is out of service: defer, it waits and is " \
  "tried again; without, it leaves as if the plugin's hook were not there; stop, the recipient " \
  "gets nothing.") \
X(TIME, deadline, "250ms", "10ms..10s", \
  "How long one hook in a message's path may take. One that takes more than four times as long " \
  "loses its process, which is replaced, and three of these take the plugin out of service.") \
X(SIZE, memory, "4m", "64k..1g", \
  "Ceiling for the memory that the plugin's hooks may take of one copy, beside what they " \
  "allocate themselves.") \
X(LIST, fetch_from, "", "network", \
  "Networks of this site that the plugin may fetch from (plugins do that by the host's function " \
  "fetch), beside the public internet: loopback, private and link-local addresses are refused " \
  "unless they are in one of these, since what a plugin asks for may be made of what contacts " \
  "wrote.")

#define CONF_FORM(X) \
X(TEXT, title, "", "required ", \
  "What people sign up for: \"News of the shop\". Heading of the form, and in the confirmation " \
  "message's subject.") \
X(TEXT, text, "", "", \
  "A sentence or two below the heading.") \
X(TEXT, consent, "", "required ", \
  "The text that people agree to, beside a box that has to be ticked. Each text that was shown is " \
  "kept by its SHA-256, which stands in the proof of the consent.") \
X(TEXT, button, "", "", \
  "What stands on the button. Empty: \"Sign up\" in the page's language.") \
X(LIST, fields, "", "field", \
  "Fields beside the mail address, which become attributes of the contact once the address is " \
  "confirmed. Each is \"NAME KIND: LABEL\", or \"NAME KIND required: LABEL\". KIND is text or " \
  "text:MAX, at most so many characters (100); number or number:LOW..HIGH; checkbox; or " \
  "choice:ONE|TWO|THREE, without white space in it, where _ is shown as a space.") \
X(TEXT, language, "", "tag", \
  "Language of its pages, of the script and of the confirmation message. Empty: the one that the " \
  "browser asks for, as far as there are texts in it. Whoever confirms and has no language yet gets it.") \
X(BOOL, double_opt_in, "yes", "", \
  "yes: an address gets a message, and counts once a person has followed its link and pressed a " \
  "button there. no: an address that is not known counts at once; one that is known " \
  "has to be confirmed all the same, since anybody can type it.") \
X(LIST, lists, "", "domain", \
  "Lists that people sign up for: the list_id of marketing campaigns. Who has left one of them gets it " \
  "again. Lists that somebody left and that do not stand here stay left.") \
X(TEXT, campaign, "", "required ", \
  "The campaign that confirmation messages belong to. Its section must say kind = transactional.") \
X(TEXT, from, "", "required address", \
  "From address and envelope sender of the confirmation message. Its domain needs a dkim section.") \
X(TEXT, from_name, "", "", \
  "The name before that address.") \
X(TEXT, subject, "", "", \
  "Subject of the confirmation message. Empty: \"Please confirm: \" and the title, in the form's language.") \
X(TEXT, template, "", "template", \
  "Template of the templates folder that is the confirmation message: brand/confirm is " \
  "brand/confirm.html.liquid and brand/confirm.txt.liquid. It finds data.confirm (the link), " \
  "data.title, data.text, data.consent, data.language and data.days. Empty: a short one that is built in.") \
X(TIME, confirm_within, "7d", "1h..60d", \
  "How long the link in the confirmation message works. Then the sign-up is deleted.") \
X(TEXT, done_url, "", "page", \
  "Where people are led after signing up. Empty: to a page that asks them to look at their mail.") \
X(TEXT, confirmed_url, "", "page", \
  "Where people are led after confirming. Empty: to a page that says so.") \
X(TEXT, incentive_url, "", "page", \
  "What they get for it: a link on the page after confirming. It stands in no message before.") \
X(TEXT, incentive, "", "", \
  "Text of that link.") \
X(LIST, origins, "", "origin", \
  "Sites that may have the form in their pages: https://shop.example. From others, what is sent to " \
  "it is refused; our own page always may.") \
X(TIME, popup_after, "10s", "0s..10m", \
  "When the script of the form opens its dialog.") \
X(TIME, fill_min, "2s", "0s..1m", \
  "A form that comes back sooner after it was shown was filled in by no person: it is shown again.") \
X(TIME, fill_max, "1d", "1m..7d", \
  "A form that comes back later is shown again.") \
X(INT, client_rate, "20", "1..100000", \
  "Most sign-ups in an hour from one client network, of 24 bits (IPv6: 48).") \
X(INT, rate, "2000", "1..10000000", \
  "Most sign-ups in an hour altogether.") \
X(INT, mails, "3", "1..100", \
  "Most confirmation messages to one address in a day, of all forms.")

#define CONF_WEBHOOK(X) \
X(TEXT, url, "", "required hook", \
  "Where events are POSTed to: an https: address, see insecure. What is logged of requests shows its " \
  "scheme and host alone.") \
X(TEXT, secret_file, "", "required path", \
  "File with the secrets that each request is signed with, one in a line: whsec_ and 24 to 64 random " \
  "bytes in base64. Up to five count, so that a receiver can change from one to the next: each signs. " \
  "Read at start and reload; others than its owner must not be able to read it.") \
X(LIST, events, "", "event", \
  "Which events: sent, delivered, deferred, bounced, complained, opened, clicked, subscribed, " \
  "unsubscribed, autoreplied, track, page, screen, identify; or of the three that have names one " \
  "name alone, as in \"track:Order Completed\". Empty: all.") \
X(INT, batch, "100", "1..1000", \
  "Most events in one request. What waits is sent at once, so there may be fewer; a request ends at " \
  "about 1 MB.") \
X(TIME, timeout, "15s", "1s..60s", \
  "How long a request may take, from looking up the name to the end of the answer.") \
X(TIME, retry_min, "1s", "100ms..1h", \
  "First pause after a request that failed; it doubles with each further one, and is some 25 % longer or " \
  "shorter by chance.") \
X(TIME, retry_max, "1h", "100ms..1d", \
  "Longest such pause. A longer Retry-After of an answer 429 or 503 counts, up to a day.") \
X(TIME, complain_after, "1d", "1m..90d", \
  "When nothing was taken for so long, failures stand in the log as errors, and mailtailor doctor " \
  "says so. Nothing is ever dropped.") \
X(LIST, send_to, "", "network", \
  "Networks of this site that it may be sent to, beside the public internet: loopback, private and " \
  "link-local addresses are refused unless they are in one of these.") \
X(BOOL, insecure, "no", "", \
  "Whether url may begin with http://, so that who listens on the way can read what your contacts do. " \
  "To this machine itself (localhost, 127.0.0.1, [::1]) it always may.")

#define CONF_DKIM(X) \
X(TEXT, selector, "", "selector", \
  "Selector: the public key stands in DNS under SELECTOR._domainkey.DOMAIN. Not needed where " \
  "the section is named by that whole name, as in dkim \"mt2._domainkey.example.com\": that is " \
  "how a domain has several keys, in the order in which they came into use.") \
X(TEXT, key, "", "required path", \
  "PEM file with the private key, RSA or Ed25519; the algorithm follows from it. Others than " \
  "its owner must not be able to read it. mailtailor dkim new makes one.") \
X(ENUM, active, "yes", "yes|auto|no", \
  "When the key signs. yes: at once, whatever DNS says; only one key of each algorithm of a " \
  "domain may say so. auto: once its record is in DNS and belongs to the key; from then on it " \
  "signs in place of those before it, and until then they go on. no: never. Where no key may " \
  "sign, campaign mail is deferred; nothing leaves unsigned.") \
X(BOOL, subdomains, "no", "", \
  "Whether From addresses in subdomains that have no section of their own are signed with " \
  "this domain, too. DMARC accepts that unless its record says adkim=s.") \
X(LIST, headers, "", "header", \
  "Header fields to sign beside the built-in list.")
/* clang-format on */

#endif
