/* The manifest, and what a plugin is made from. strategy.h, guardrail.h, callback.h, hook.h and periodic.h have the kinds: what
 * each gets, what it answers, and the macro that exports it.
 *
 * A plugin function answers SLUICE_OK or an error, and writes its result through its last parameter, which begins with
 * the mildest result: pass, proceed, every candidate in the order of the configuration. */
#ifndef SLUICE_MANIFEST_H
#define SLUICE_MANIFEST_H

#include "core.h"
#include "grants.h"
#include "json.h"

/* What a plugin says of itself; about.wit documents the fields. Those that are left out are empty. */
typedef struct sluice_manifest {
    const char *name;
    const char *version;
    const char *summary;
    /* JSON Schema of the settings. */
    const char *settings_schema;
    /* Hosts that it asks to reach; NULL ends the list: (const char *const[]){"logs.example.com", NULL}. */
    const char *const *outbound;
    /* Of a strategy: what it leaves out must not be tried. */
    bool constrains;
    /* Of a guardrail: what it is shown beside text, such as SLUICE_LOOKS_AT_IMAGE | SLUICE_LOOKS_AT_FILE. */
    unsigned looks_at;
    /* Pairs of name and value; a pair of NULL ends the list. */
    const char *const (*extras)[2];
} sluice_manifest;

enum {
    SLUICE_LOOKS_AT_IMAGE = 1 << 0,
    SLUICE_LOOKS_AT_AUDIO = 1 << 1,
    SLUICE_LOOKS_AT_VIDEO = 1 << 2,
    SLUICE_LOOKS_AT_FILE = 1 << 3,
    SLUICE_LOOKS_AT_TOKENS = 1 << 4,
};

/* Says what the plugin is: its struct, its manifest (the variable), and the function that makes it from its settings:
 *
 *     static sluice_error create(my_plugin *self, const sluice_json *settings)
 *
 * `*self` is zeroed before. It runs at the first call of an instance; its error is the answer of every call then. NULL in its
 * place: there is nothing to make. The host has checked the settings against the manifest's schema. */
#define SLUICE_PLUGIN(type, manifest, create)                                                                          \
    static type sluice_self;                                                                                           \
    const sluice_manifest *sluice_plugin_manifest(void) { return &(manifest); }                                        \
    sluice_error sluice_plugin_create(const sluice_json *settings)                                                     \
    {                                                                                                                  \
        sluice_error (*function)(type *, const sluice_json *) = create;                                                \
        memset(&sluice_self, 0, sizeof sluice_self);                                                                   \
        return function ? function(&sluice_self, settings) : SLUICE_OK;                                                \
    }

const sluice_manifest *sluice_plugin_manifest(void);
sluice_error sluice_plugin_create(const sluice_json *settings);

#endif
