/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form_words: how mail systems report in free form
 *
 * Phrases are written as words.h says: lower case, addresses as "@", "*" for up to 60 bytes.
 *
 * Threads: any; nothing changes.
 */
#include "delivery/form.h"

/* clang-format off */
const struct delivery_shape delivery_shapes[] = {
	/* qmail, Postfix, Yahoo, OpenSMTPD; with "(expanded from <...>):" */
	{"", ":", DELIVERY_STRONG},
	{"", " (expanded from", DELIVERY_STRONG},
	/* Exim, Gmail, Sendmail's list, Domino, Outlook: alone in its line */
	{"", "", DELIVERY_STRONG},
	{"", ",", DELIVERY_STRONG},
	{"", ";", DELIVERY_STRONG},
	/* Exchange 5.5 and 2000: "ada@x.example on Thu, 29 Apr 2010 00:00:00 -0000" */
	{"", " on *:", DELIVERY_STRONG},
	/* Exchange, with its link */
	{"", "<mailto:", DELIVERY_STRONG},
	{"", "(mailto:", DELIVERY_STRONG},
	/* "Your message to ada@x.example was not delivered" */
	{"not reach the following recipient:", "", DELIVERY_STRONG},
	{"recipient address:", "", DELIVERY_STRONG},
	{"unknown user:", "", DELIVERY_STRONG},
	{"unknown recipient:", "", DELIVERY_STRONG},
	{"exceeds allowed size:", "", DELIVERY_STRONG},
	{"undeliverable to", "", DELIVERY_STRONG},
	{"recipient:", "", DELIVERY_STRONG},
	{"recipient(s):", "", DELIVERY_STRONG},
	{"recipients:", "", DELIVERY_STRONG},
	{"delivering your mail to", "*", DELIVERY_STRONG},
	{"delivering*message to", "*", DELIVERY_STRONG},
	{"delivered to:", "*", DELIVERY_STRONG},
	{"deliver*message to:", "*", DELIVERY_STRONG},
	{"deliver*mail to:", "*", DELIVERY_STRONG},
	{"delivered to", "*", DELIVERY_FAIR},
	{"delivery to", "*", DELIVERY_FAIR},
	{"deliver*to", "*", DELIVERY_FAIR},
	{"rejected recipient", "*", DELIVERY_FAIR},
	{"failed recipient:", "*", DELIVERY_STRONG},
	{"failed address:", "*", DELIVERY_STRONG},
	{"following address:", "*", DELIVERY_FAIR},
	{"addressed to:", "*", DELIVERY_FAIR},
	{"message to", "*", DELIVERY_FAIR},
	{"mail to", "*", DELIVERY_FAIR},
	{"sent to", "*", DELIVERY_FAIR},
	/* Sendmail: "554 <ada@x.example>... User unknown"; others: "ada@x.example [User unknown]" */
	{"#", "...", DELIVERY_FAIR},
	{"", "...", DELIVERY_FAIR},
	{"", " [", DELIVERY_FAIR},
	{"", " (", DELIVERY_FAIR},
	{"", " invalid address", DELIVERY_FAIR},
	{"", " failed", DELIVERY_FAIR},
	{"", " -", DELIVERY_FAIR},
	/* A session */
	{"rcpt to:", "*", DELIVERY_FAIR},
	{"rcpt:", "*", DELIVERY_WEAK},
	/* A summary of what was sent; a reply that quotes the address */
	{"", "*", DELIVERY_WEAK},
	{"to:", "*", DELIVERY_WEAK},
	{":", "*", DELIVERY_WEAK},
	{"recipient", "*", DELIVERY_WEAK},
	{"address", "*", DELIVERY_WEAK},
	{"#", "*", DELIVERY_WEAK},
	{NULL, NULL, DELIVERY_WEAK},
};

const char *const delivery_failed_words[] = {
	"could not be delivered", "couldn't be delivered", "cannot be delivered",
	"can not be delivered", "can't be delivered", "was not delivered", "wasn't delivered",
	"not be delivered", "not delivered to", "not able to deliver", "unable to deliver", "unable to be delivered",
	"undeliverable", "undelivered", "delivery failed", "delivery has failed",
	"delivery*failed permanently", "failed permanently", "failed to deliver", "delivery failure",
	"delivery error", "error delivering", "permanent fatal errors", "permanent error",
	"unrecoverable error", "had delivery errors", "had delivery problems", "could not deliver", "couldn't deliver", "cannot deliver",
	"did not reach", "did not receive this message", "not successfully delivered",
	"failed addresses follow", "addresses failed", "address failed", "address(es) failed",
	"transcript of session follows", "returned mail", "message returned", "mail returned",
	"failure reasons", "giving up", "given up", "bounced", "rejected by the recipient",
	"trouble delivering", "problem delivering", "error while attempting to deliver", "error has occurred while attempting to deliver",
	"error occurred while trying to deliver", "rejected by a remote mail server",
	"was rejected", "could not be sent", "cannot be sent", "message non-deliverable", "non-deliverable",
	"nondeliverable", "address not found", "message blocked", "message rejected", "message not delivered", "may not exist",
	"delivery to the following recipient", "recipient*rejected", "failed with: 5",
	/* German */
	"nicht zugestellt", "nicht übermittelt", "unzustellbar", "zustellung*fehlgeschlagen",
	/* French */
	"n'a pas pu être", "n'a pu être", "n'a pas été remis", "non remis", "impossible de remettre",
	"n'a pas pu etre", "échec de la remise",
	/* Spanish, Portuguese */
	"no se pudo entregar", "no pudo ser entregado", "no ha podido ser entregado", "no se ha podido entregar",
	"no ha sido entregado", "no fue entregado", "no entregado", "quizás no exista",
	"não pôde ser entregue", "nao pode ser", "não foi entregue", "não foi possível entregar",
	/* Italian, Dutch */
	"non è stato possibile", "non è stato recapitato", "impossibile recapitare", "mancato recapito",
	"niet worden afgeleverd", "niet bezorgd", "niet worden bezorgd", "kan niet worden",
	/* Scandinavian, Finnish */
	"inte levereras", "ikke leveres", "kunne ikke leveres", "ei voitu toimittaa",
	/* Slavic */
	"не может быть доставлено", "не удалось доставить", "не доставлено", "не было доставлено",
	"nie została dostarczona", "nie można dostarczyć", "nie mogła zostać", "nemohla být doručena",
	"nelze doručit", "neexistuje", "не існує",
	/* Hungarian, Turkish */
	"nem kézbesíthető", "nem sikerült", "teslim edilemedi",
	/* Japanese, Chinese, Korean */
	"送信できませんでした", "配信できません", "配信に失敗", "送信に失敗", "配達できません", "届けできません",
	"送れませんでした", "送信できません", "配送できません", "エラー",
	"无法投递", "退信", "未送达", "無法傳遞", "無法投遞", "발송 실패", "배달하지 못했습니다",
	NULL,
};

const char *const delivery_delayed_words[] = {
	"has been delayed", "is delayed", "been delayed", "not yet been delivered", "has not been delivered yet",
	"still trying", "will be retried", "will keep trying", "will continue to try", "we will try", "will try again",
	"delivery attempts will continue", "warning message only", "temporary problem", "message delayed",
	"do not need to resend", "delayed mail", "continue to be attempted", "will continue to attempt",
	"verzögert", "se ha retrasado", "a été retardée", "a été retardé", "задерж", "遅延", "延迟",
	NULL,
};

const char *const delivery_delivered_words[] = {
	"was successfully delivered", "has been successfully", "successfully delivered", "successful mail delivery",
	"delivery successful", "successfully relayed", "was delivered to the following", "has been delivered to the following",
	"delivery to these recipients or*complete", "erfolgreich zugestellt", "entregado correctamente",
	NULL,
};

const char *const delivery_failed_subjects[] = {
	"failure notice", "undeliver", "undelivered mail returned", "undeliverable", "returned mail",
	"returned to sender", "mail delivery fail", "delivery failure", "delivery failed", "delivery has failed",
	"delivery status notification", "delivery notification", "delivery report", "delivery problem",
	"mail system error", "mail delivery problem", "mail could not be", "message could not be delivered",
	"message delivery has failed", "delivery error", "delivery fail", "failed delivery", "failure delivery",
	"warning: could not send", "non-delivery", "nondeliverable", "nondelivery", "non remis",
	"message not delivered", "mail status report", "error sending your mail", "could not be delivered",
	"bounce", "rejected mail", "mail rejected", "errors from", "postmaster notify", "mail error",
	"unzustellbar", "zustellung", "unbestellbar", "echec", "échec", "no se puede entregar", "no entregado",
	"devuelto", "não entregue", "falha", "impossibile recapitare", "mancata consegna", "niet bestelbaar", "onbestelbaar",
	"не доставлено", "не может быть доставлено", "ваше сообщение не доставлено", "недоставленное",
	"エラー", "配信", "送信", "届", "退信", "无法投递", "無法傳遞", "未送达",
	NULL,
};

const char *const delivery_delayed_subjects[] = {
	"delayed", "delay)", "delivery delay", "warning: message", "transient", "still being retried",
	"verzögert", "retard", "retras", "задержка", "遅延", "延迟",
	NULL,
};

const char *const delivery_delivered_subjects[] = {
	"successful", "(success)", "delivered:", "relayed:", "expanded:", "(relay)", "zugestellt:",
	NULL,
};

const char *const delivery_machine_locals[] = {
	"mailer-daemon", "mailer_daemon", "mailerdaemon", "mailer.daemon", "mail-daemon", "maildaemon", "postmaster", "poostmaster",
	"mdaemon", "mail-delivery", "maildelivery", "delivery-status", "delivery", "bounce", "bounces", "mailadmin",
	"mail-admin", "administrator", "microsoftexchange*", "exchange", "mmdf", "daemon",
	NULL,
};

const char *const delivery_machine_names[] = {
	"mail delivery", "mail deliver system", "mailer-daemon", "mailer daemon", "delivery subsystem",
	"mail administrator", "system administrator", "mail system", "postmaster", "microsoft outlook", "delivery system",
	"message delivery", "internet mail delivery", "interscan", "mail administrator",
	NULL,
};

const char *const delivery_cut_words[] = {
	"original message", "copy of the message", "copy of your message", "returned message", "unsent message",
	"undelivered message", "message header", "headers of the message", "header of the original",
	"mail headers", "message follows", "message text follows", "enclosed is a copy", "rejected message",
	"your message follows", "mensaje original", "mensagem original", "message d'origine", "message original",
	"ursprüngliche nachricht", "originalnachricht", "messaggio originale", "oorspronkelijk bericht",
	"исходное сообщение", "元のメッセージ", "オリジナル", "原始邮件", "forwarded message",
	NULL,
};
/* clang-format on */
