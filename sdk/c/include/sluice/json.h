/* JSON (RFC 8259): a reader that makes a tree of views, and what is needed to write.
 *
 * Every function takes NULL for a value that is not there, so that look-ups can be chained:
 *
 *     double most = sluice_json_number(sluice_json_get(sluice_json_get(settings, "limits"), "most"), 100);
 */
#ifndef SLUICE_JSON_H
#define SLUICE_JSON_H

#include "core.h"

typedef enum sluice_json_type {
    SLUICE_JSON_NULL,
    SLUICE_JSON_BOOLEAN,
    SLUICE_JSON_NUMBER,
    SLUICE_JSON_STRING,
    SLUICE_JSON_ARRAY,
    SLUICE_JSON_OBJECT,
} sluice_json_type;

typedef struct sluice_json sluice_json;
struct sluice_json {
    sluice_json_type type;
    bool boolean;
    double number;
    /* Of a string: its text, with escapes resolved. A lone surrogate becomes U+FFFD. */
    sluice_str string;
    /* The JSON text of the value as it was written: good for handing a value on unchanged. */
    sluice_str raw;
    /* Of a member of an object: its name. */
    sluice_str name;
    /* Of an array or object: the number of its items, and the first of them; `next` leads on. In the order of the text. */
    size_t count;
    const sluice_json *first;
    const sluice_json *next;
};

/* Deepest nesting that is read. The host's own bound for requests is 128; a deeper text is an error. */
#define SLUICE_JSON_DEPTH_MAX 128

/* Reads a text. The tree refers to the text, which must live as long. NULL if it is not JSON: then `problem`, unless NULL, is
 * a sentence that names the byte. */
const sluice_json *sluice_json_parse(sluice_str text, sluice_str *problem);

/* The member of an object with this name, the last one where there are several. NULL if there is none. */
const sluice_json *sluice_json_get(const sluice_json *object, const char *name);
const sluice_json *sluice_json_member(const sluice_json *object, sluice_str name);

bool sluice_json_is(const sluice_json *value, sluice_json_type type);

/* The value where it has this type, and the other one where it has not, or is not there. */
sluice_str sluice_json_string(const sluice_json *value, sluice_str otherwise);
double sluice_json_number(const sluice_json *value, double otherwise);
bool sluice_json_boolean(const sluice_json *value, bool otherwise);

/* All items of an array or object, or none. `item` is declared by the macro. */
#define SLUICE_EACH(item, list)                                                                                        \
    for (const sluice_json *item = sluice_json_first(list); item != NULL; item = item->next)
const sluice_json *sluice_json_first(const sluice_json *list);

/* JSON written in C as it stands, such as a schema: SLUICE_JSON({"type": "object"}) is the string {"type": "object"}. */
#define SLUICE_JSON(...) #__VA_ARGS__

/* A text as a JSON string, with its quotation marks. Bytes that are no UTF-8 become U+FFFD. */
void sluice_add_quoted(sluice_buf *buf, sluice_str text);
sluice_str sluice_quoted(sluice_str text);

/* A JSON Pointer (RFC 6901) of one name: "/max_tokens" for `max_tokens`, with `~` and `/` escaped. */
sluice_str sluice_pointer(sluice_str name);

#endif
