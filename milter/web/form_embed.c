/* SPDX-License-Identifier: BSD-2-Clause
 *
 * form_embed: forms in other people's pages
 *
 * The HTML has no style and no script. The script makes everything by the DOM's calls, so
 * that it works where the page's policy forbids markup and styles of strangers; it shows a
 * <dialog>, in which the browser itself keeps the focus, and remembers that it was closed.
 *
 * Threads: any.
 */
#include "html/html.h"
#include "web/form.h"

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>

/* --- HTML --- */

/* `out` says itself when it is full. */
static void
add_escaped(struct buf *out, struct str text)
{
	(void)html_value_encode(text, HTML_QUOTE_DOUBLE, false, out);
}

static struct str
button_of(const struct conf_form *form, const struct liquid_language *language)
{
	return form->button[0] != '\0' ? str_c(form->button)
				       : liquid_language_text(language, STR("form.button"), NULL);
}

static void
add_choices(struct buf *out, struct str choices)
{
	struct str choice;

	buf_add_c(out, "<option value=\"\"></option>");
	while (choices.n > 0 && str_split(&choices, '|', &choice)) {
		char *shown = g_strdelimit(g_strndup(choice.p, choice.n), "_", ' ');

		buf_add_c(out, "<option value=\"");
		add_escaped(out, choice);
		buf_add_c(out, "\">");
		add_escaped(out, str_c(shown));
		buf_add_c(out, "</option>");
		g_free(shown);
	}
}

static void
add_field(struct buf *out, const struct conf_form *form, const struct conf_field *field)
{
	const char *required = field->required ? " required" : "";

	if (field->kind == CONF_FIELD_CHECKBOX) {
		buf_printf(out,
		    "<p><label><input type=\"checkbox\" name=\"%.*s\" value=\"yes\"%s> ",
		    STR_F(field->name), required);
		add_escaped(out, field->label);
		buf_add_c(out, "</label></p>\n");
		return;
	}
	buf_printf(out, "<p><label for=\"mt-%s-%.*s\">", form->name, STR_F(field->name));
	add_escaped(out, field->label);
	buf_printf(out, "</label> <%s id=\"mt-%s-%.*s\" name=\"%.*s\"%s",
	    field->kind == CONF_FIELD_CHOICE ? "select" : "input", form->name, STR_F(field->name),
	    STR_F(field->name), required);
	if (field->kind == CONF_FIELD_TEXT)
		buf_printf(out, " maxlength=\"%lld\"", (long long)field->high);
	else if (field->kind == CONF_FIELD_NUMBER)
		buf_add_c(out, " inputmode=\"decimal\"");
	buf_add_c(out, ">");
	if (field->kind == CONF_FIELD_CHOICE) {
		add_choices(out, field->choices);
		buf_add_c(out, "</select>");
	}
	buf_add_c(out, "</p>\n");
}

int
form_write_html(const struct conf *conf, const struct conf_form *form,
    const struct liquid_language *language, struct arena *arena, struct buf *out, struct err *err)
{
	struct str url = form_url(conf, form, arena);
	struct conf_field field;

	buf_add_c(out, "<form method=\"post\" action=\"");
	add_escaped(out, url);
	buf_printf(out, "\">\n<p><label for=\"mt-%s-email\">", form->name);
	add_escaped(out, liquid_language_text(language, STR("form.email"), NULL));
	buf_printf(out,
	    "</label> <input id=\"mt-%s-email\" name=\"email\" type=\"email\" inputmode=\"email\" "
	    "autocomplete=\"email\" maxlength=\"%d\" required></p>\n",
	    form->name, FORM_EMAIL_MAX);
	for (size_t i = 0; i < form->fields.count; i++) {
		conf_field_parse(str_c(form->fields.at[i]), arena, &field);
		add_field(out, form, &field);
	}
	buf_add_c(out,
	    "<div hidden aria-hidden=\"true\"><input name=\"" FORM_HONEYPOT
	    "\" tabindex=\"-1\" autocomplete=\"off\" aria-label=\"");
	add_escaped(out, liquid_language_text(language, STR("form.trap"), NULL));
	buf_add_c(out,
	    "\"></div>\n"
	    "<p><label><input type=\"checkbox\" name=\"agree\" value=\"yes\" required> ");
	add_escaped(out, str_c(form->consent));
	buf_add_c(out, "</label></p>\n<p><button type=\"submit\">");
	add_escaped(out, button_of(form, language));
	buf_add_c(out, "</button></p>\n</form>\n");
	return out->full ? err_set(err, ERR_LIMIT, "form \"%s\" is too long", form->name) : 0;
}

/* --- the script --- */

/* c: the form, as data_of gives it. e(kind, properties, parent) makes an element. localStorage
 * may be forbidden. */
static const char script[] =
    ";var d=document,k='mailtailor-'+c.name,x,s='max-width:26rem;width:calc(100% - 2rem);"
    "box-sizing:border-box;padding:1.5rem;border:1px solid #555;border-radius:6px;"
    "font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff';\n"
    "function e(n,p,o){var i=d.createElement(n),a;for(a in p)a=='t'?i.textContent=p[a]:"
    "a=='s'?i.style.cssText=p[a]:i.setAttribute(a,p[a]);if(o)o.appendChild(i);return i}\n"
    "function m(v){try{if(v)localStorage.setItem(k,v);return localStorage.getItem(k)}"
    "catch(z){return v}}\n"
    "function f(o,n,l,p,g){var w='display:block;margin:.25rem 0 .75rem;',b=p.type=='checkbox',"
    "q=e('label',{s:b?'display:flex;gap:.6rem;margin:.25rem 0 "
    ".75rem':w},o),i;if(!b)e('span',{t:l},q);p.name=n;"
    "p.s=b?'flex:none;width:1.25rem;height:1.25rem;margin:.1rem 0':'display:block;width:100%;"
    "box-sizing:border-box;padding:.6rem;font:inherit';i=e(g?'select':'input',p,q);"
    "if(b)e('span',{t:l},q);(g||[]).forEach(function(v){e('option',"
    "{value:v,t:v.replace(/_/g,' ')},i)});return i}\n"
    "function open(){if(x)return;x=e('dialog',{'aria-labelledby':k,s:s},d.body);"
    "e('h2',{id:k,t:c.title,s:'margin:0 0 .5rem;font-size:1.25rem'},x);"
    "if(c.text)e('p',{t:c.text},x);var o=e('form',{method:'post',action:c.action},x),"
    "y='font:inherit;padding:.6rem 1.2rem;margin:.25rem .5rem 0 0;border-radius:4px;'+"
    "'border:1px solid #14532d;',h;\n"
    "f(o,'email',c.email,{type:'email',inputmode:'email',autocomplete:'email',"
    "maxlength:254,required:''}).focus();"
    "c.fields.forEach(function(v){f(o,v[0],v[1],v[2],v[3])});"
    "h=e('div',{hidden:'','aria-hidden':'true'},o);"
    "e('input',{name:'homepage',tabindex:-1,autocomplete:'off'},h);"
    "f(o,'agree',c.consent,{type:'checkbox',value:'yes',required:''});"
    "e('input',{type:'hidden',name:'stamp',value:c.stamp},o);"
    "e('button',{t:c.button,s:y+'color:#fff;background:#14532d'},o);"
    "h=e('button',{type:'button',t:c.close,s:y+'color:#14532d;background:#fff'},o);"
    "h.onclick=function(){x.close()};x.onclose=function(){m('closed');x.remove();x=0};"
    "o.onsubmit=function(){m('sent')};"
    "x.showModal?x.showModal():x.setAttribute('open','')}\n"
    "function go(){d.querySelectorAll('[data-mailtailor-form=\"'+c.name+'\"]').forEach("
    "function(b){b.addEventListener('click',function(v){v.preventDefault();open()})});"
    "if(!m())setTimeout(open,c.after)}\n"
    "d.readyState=='loading'?d.addEventListener('DOMContentLoaded',go):go()})();\n";

static json_t *
choices_of(struct str choices)
{
	json_t *list = json_array();
	struct str choice;

	json_array_append_new(list, json_string(""));
	while (choices.n > 0 && str_split(&choices, '|', &choice))
		json_array_append_new(list, json_stringn(choice.p, choice.n));
	return list;
}

/* [name, label, attributes, choices] */
static json_t *
field_of(const struct conf_field *field)
{
	json_t *attributes = json_object(), *result = json_array();

	if (field->required)
		json_object_set_new(attributes, "required", json_string(""));
	if (field->kind == CONF_FIELD_TEXT)
		json_object_set_new(attributes, "maxlength", json_integer(field->high));
	if (field->kind == CONF_FIELD_NUMBER)
		json_object_set_new(attributes, "inputmode", json_string("decimal"));
	if (field->kind == CONF_FIELD_CHECKBOX) {
		json_object_set_new(attributes, "type", json_string("checkbox"));
		json_object_set_new(attributes, "value", json_string("yes"));
	}
	json_array_append_new(result, json_stringn(field->name.p, field->name.n));
	json_array_append_new(result, json_stringn(field->label.p, field->label.n));
	json_array_append_new(result, attributes);
	if (field->kind == CONF_FIELD_CHOICE)
		json_array_append_new(result, choices_of(field->choices));
	return result;
}

static json_t *
data_of(const struct conf_form *form, const struct liquid_language *language, struct str url,
    struct str stamp, struct arena *arena)
{
	struct str email = liquid_language_text(language, STR("form.email"), NULL);
	struct str close = liquid_language_text(language, STR("form.close"), NULL);
	struct str button = button_of(form, language);
	json_t *fields = json_array();
	struct conf_field field;

	for (size_t i = 0; i < form->fields.count; i++) {
		conf_field_parse(str_c(form->fields.at[i]), arena, &field);
		json_array_append_new(fields, field_of(&field));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s#, s:s#, s:s#, s:s#, s:s#, s:I, s:o}", "name",
	    form->name, "title", form->title, "text", form->text, "consent", form->consent,
	    "button", button.p, (int)button.n, "email", email.p, (int)email.n, "close", close.p,
	    (int)close.n, "action", url.p, (int)url.n, "stamp", stamp.p, (int)stamp.n, "after",
	    (json_int_t)form->popup_after, "fields", fields);
}

int
form_write_script(const struct conf *conf, const struct conf_form *form,
    const struct liquid_language *language, struct str stamp, struct arena *arena, struct buf *out,
    struct err *err)
{
	json_t *json = data_of(form, language, form_url(conf, form, arena), stamp, arena);
	char *data = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(json);
	if (data == NULL)
		return err_set(err, ERR_INPUT, "form \"%s\": expected texts in UTF-8", form->name);
	buf_add_c(out, "(function(){'use strict';var c=");
	buf_add_c(out, data);
	buf_add_c(out, script);
	free(data);
	return out->full ? err_set(err, ERR_LIMIT, "form \"%s\" is too long", form->name) : 0;
}
