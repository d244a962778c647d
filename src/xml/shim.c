/* A narrow, hardened door to libxml2 and libxslt.
 *
 * What it guarantees, whatever the caller does:
 *  - no file and no network address is ever opened: every URL is answered by the callback that the
 *    caller gave (from memory) or refused;
 *  - no entity is substituted, no DTD loaded, no recovery from errors, the size limits stay on;
 *  - a stylesheet can write nothing and read only what the callback gives it;
 *  - every error reaches the caller with its own text and line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlIO.h>
#include <libxml/catalog.h>
#include <libxml/uri.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <libxslt/xslt.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/transform.h>
#include <libxslt/xsltutils.h>
#include <libxslt/security.h>
#include <libxslt/variables.h>

/* level: 1 warning, 2 error, 3 fatal; domain as in xmlerror.h */
typedef void (*ps_error_cb)(void *user, int level, int domain, int code, int line, const char *file,
                            const char *message);
/* Returns 1 and sets data and size when the URL is served. */
typedef int (*ps_open_cb)(const char *url, const char **data, int *size);

static ps_open_cb open_file;

typedef struct { const char *data; int size; int at; } ps_input;

static int match_any(const char *url) { (void)url; return 1; }

static void *open_any(const char *url) {
    const char *data = NULL;
    int size = 0;
    if (open_file == NULL || !open_file(url, &data, &size)) return NULL;
    ps_input *in = xmlMalloc(sizeof *in);
    if (in == NULL) return NULL;
    in->data = data; in->size = size; in->at = 0;
    return in;
}

static int read_any(void *context, char *buffer, int len) {
    ps_input *in = context;
    int left = in->size - in->at;
    int n = left < len ? left : len;
    memcpy(buffer, in->data + in->at, (size_t)n);
    in->at += n;
    return n;
}

static int close_any(void *context) { xmlFree(context); return 0; }

static void silent(void *context, const char *format, ...) {
    (void)context;
    (void)format;
}

void ps_init(ps_open_cb cb) {
    open_file = cb;
    xmlInitParser();
    /* Catalogues of the machine decide nothing here, and are not looked for. */
    xmlCatalogSetDefaults(XML_CATA_ALLOW_NONE);
    /* Some parts of the library print what they also report. */
    xmlSetGenericErrorFunc(NULL, silent);
    xmlCleanupInputCallbacks();
    xmlRegisterInputCallbacks(match_any, open_any, read_any, close_any);
    xmlCleanupOutputCallbacks();
    xsltInit();
}

const char *ps_libxml_version(void) { return LIBXML_DOTTED_VERSION; }
const char *ps_libxslt_version(void) { return LIBXSLT_DOTTED_VERSION; }

typedef struct { ps_error_cb cb; void *user; } ps_sink;

#if LIBXML_VERSION >= 21200
static void structured(void *context, const xmlError *e) {
#else
static void structured(void *context, xmlErrorPtr e) {
#endif
    ps_sink *sink = context;
    if (e == NULL || sink == NULL || sink->cb == NULL) return;
    int line = e->line;
    /* libxml2 keeps 16 bits of a line in the tree; the node knows more. */
    if (e->node != NULL && line >= 65535) {
        long real = xmlGetLineNo((xmlNodePtr)e->node);
        if (real > 0) line = (int)real;
    }
    sink->cb(sink->user, e->level, e->domain, e->code, line, e->file ? e->file : "",
             e->message ? e->message : "");
}

#define PS_OPTIONS (XML_PARSE_NONET | XML_PARSE_BIG_LINES)

void *ps_parse(const char *data, int size, const char *url, ps_error_cb cb, void *user) {
    ps_sink sink = { cb, user };
    xmlParserCtxtPtr ctxt = xmlNewParserCtxt();
    if (ctxt == NULL) return NULL;
    xmlSetStructuredErrorFunc(&sink, structured);
    xmlDocPtr doc = xmlCtxtReadMemory(ctxt, data, size, url, NULL, PS_OPTIONS);
    int good = ctxt->wellFormed;
    xmlSetStructuredErrorFunc(NULL, NULL);
    if (doc != NULL && !good) { xmlFreeDoc(doc); doc = NULL; }
    xmlFreeParserCtxt(ctxt);
    return doc;
}

void ps_free_doc(void *doc) { if (doc) xmlFreeDoc(doc); }

void *ps_schema_compile(const char *url, ps_error_cb cb, void *user) {
    ps_sink sink = { cb, user };
    xmlSchemaParserCtxtPtr ctxt = xmlSchemaNewParserCtxt(url);
    if (ctxt == NULL) return NULL;
    xmlSetStructuredErrorFunc(&sink, structured);
    xmlSchemaSetParserStructuredErrors(ctxt, structured, &sink);
    xmlSchemaPtr schema = xmlSchemaParse(ctxt);
    xmlSchemaFreeParserCtxt(ctxt);
    xmlSetStructuredErrorFunc(NULL, NULL);
    return schema;
}

void ps_schema_free(void *schema) { if (schema) xmlSchemaFree(schema); }

/* 0 valid, > 0 invalid, < 0 the validator itself failed */
int ps_schema_validate(void *schema, void *doc, ps_error_cb cb, void *user) {
    ps_sink sink = { cb, user };
    xmlSchemaValidCtxtPtr ctxt = xmlSchemaNewValidCtxt(schema);
    if (ctxt == NULL) return -1;
    xmlSetStructuredErrorFunc(&sink, structured);
    xmlSchemaSetValidStructuredErrors(ctxt, structured, &sink);
    int result = xmlSchemaValidateDoc(ctxt, doc);
    xmlSchemaFreeValidCtxt(ctxt);
    xmlSetStructuredErrorFunc(NULL, NULL);
    return result;
}

/* --- XPath 1.0: the core functions only, no document(), bounded in work --- */

void *ps_xpath_compile(const char *text, ps_error_cb cb, void *user) {
    ps_sink sink = { cb, user };
    xmlXPathContextPtr ctxt = xmlXPathNewContext(NULL);
    if (ctxt == NULL) return NULL;
    xmlSetStructuredErrorFunc(&sink, structured);
    xmlXPathCompExprPtr expression = xmlXPathCtxtCompile(ctxt, (const xmlChar *)text);
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlXPathFreeContext(ctxt);
    return expression;
}

void ps_xpath_free(void *expression) { if (expression) xmlXPathFreeCompExpr(expression); }

/* names: prefix, namespace, ..., NULL. The root element is the context.
 * 1 true, 0 false, -1 the expression cannot be evaluated. */
int ps_xpath_holds(void *expression, void *doc, const char **names, ps_error_cb cb, void *user) {
    ps_sink sink = { cb, user };
    xmlXPathContextPtr ctxt = xmlXPathNewContext(doc);
    if (ctxt == NULL) return -1;
    ctxt->node = xmlDocGetRootElement(doc);
    ctxt->opLimit = 5000000;
    xmlSetStructuredErrorFunc(&sink, structured);
    for (int i = 0; names[i] != NULL && names[i + 1] != NULL; i += 2)
        xmlXPathRegisterNs(ctxt, (const xmlChar *)names[i], (const xmlChar *)names[i + 1]);
    int result = xmlXPathCompiledEvalToBoolean(expression, ctxt);
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlXPathFreeContext(ctxt);
    return result;
}

/* --- XSLT: only ever called in the worker process --- */

static void variadic(void *context, const char *format, ...) {
    ps_sink *sink = context;
    char text[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (sink && sink->cb) sink->cb(sink->user, 2, XML_FROM_XSLT, 0, 0, "", text);
}

static int read_known(xsltSecurityPrefsPtr sec, xsltTransformContextPtr ctxt, const char *url) {
    (void)sec; (void)ctxt;
    const char *data; int size;
    char full[4096];
    if (open_file == NULL) return 0;
    /* libxslt asks with the path of a file URL, the loader later with the whole URL. */
    if (url[0] == '/' && snprintf(full, sizeof full, "file://%s", url) < (int)sizeof full) url = full;
    return open_file(url, &data, &size);
}

/* Nothing is ever written; that somebody wanted to is asked for like a file that is not there, with a
 * scheme of its own, so that it is noted. */
static int note_write(xsltSecurityPrefsPtr sec, xsltTransformContextPtr ctxt, const char *url) {
    (void)sec; (void)ctxt;
    const char *data; int size;
    char full[4096];
    if (open_file != NULL && snprintf(full, sizeof full, "write:%s", url) < (int)sizeof full)
        open_file(full, &data, &size);
    return 0;
}

void *ps_xslt_compile(void *doc, ps_error_cb cb, void *user) {
    ps_sink sink = { cb, user };
    xmlSetStructuredErrorFunc(&sink, structured);
    xsltSetGenericErrorFunc(&sink, variadic);
    xsltStylesheetPtr style = xsltParseStylesheetDoc(doc);
    if (style != NULL && style->errors > 0) {
        xsltFreeStylesheet(style); /* frees doc too */
        style = NULL;
    }
    xsltSetGenericErrorFunc(NULL, NULL);
    xmlSetStructuredErrorFunc(NULL, NULL);
    return style;
}

void ps_xslt_free(void *style) { if (style) xsltFreeStylesheet(style); }

/* params: name, value, ..., NULL; values are strings, never XPath.
 * state: 0 finished, 1 error, 2 stopped by the sheet. Returns 0 when output was serialised. */
int ps_xslt_apply(void *style, void *doc, const char **params, int *state, char **out, int *size,
                  ps_error_cb cb, void *user) {
    ps_sink sink = { cb, user };
    *out = NULL; *size = 0; *state = 1;
    xsltTransformContextPtr ctxt = xsltNewTransformContext(style, doc);
    if (ctxt == NULL) return -1;
    xsltSecurityPrefsPtr sec = xsltNewSecurityPrefs();
    xsltSetSecurityPrefs(sec, XSLT_SECPREF_READ_FILE, read_known);
    xsltSetSecurityPrefs(sec, XSLT_SECPREF_WRITE_FILE, note_write);
    xsltSetSecurityPrefs(sec, XSLT_SECPREF_CREATE_DIRECTORY, note_write);
    xsltSetSecurityPrefs(sec, XSLT_SECPREF_READ_NETWORK, read_known);
    xsltSetSecurityPrefs(sec, XSLT_SECPREF_WRITE_NETWORK, note_write);
    int result = -1;
    if (xsltSetCtxtSecurityPrefs(sec, ctxt) == 0) {
        xsltSetTransformErrorFunc(ctxt, &sink, variadic);
        xmlSetStructuredErrorFunc(&sink, structured);
        for (int i = 0; params[i] != NULL && params[i + 1] != NULL; i += 2)
            xsltQuoteOneUserParam(ctxt, (const xmlChar *)params[i], (const xmlChar *)params[i + 1]);
        xmlDocPtr done = xsltApplyStylesheetUser(style, doc, NULL, NULL, NULL, ctxt);
        *state = ctxt->state == XSLT_STATE_OK ? 0 : ctxt->state == XSLT_STATE_STOPPED ? 2 : 1;
        if (done != NULL) {
            xmlChar *text = NULL;
            if (xsltSaveResultToString(&text, size, done, style) == 0) {
                *out = (char *)text;
                result = 0;
            }
            xmlFreeDoc(done);
        }
        xmlSetStructuredErrorFunc(NULL, NULL);
    }
    xsltFreeTransformContext(ctxt);
    xsltFreeSecurityPrefs(sec);
    return result;
}

void ps_free_text(char *text) { if (text) xmlFree(text); }
