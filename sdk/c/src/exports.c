/* The component's exports over the plugin's functions, and the memory of a call. */
#include "sluice/manifest.h"
#include "layout.h"
#include "memory.h"

/* ---- Memory ----
 *
 * wit-bindgen's functions of these names are weak. It would take memory for each text and free each by itself, which leaves
 * the question who owns what. Here all of it belongs to the call. */

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size)
{
    if (size == 0) return (void *)align;
    return sluice_take(old_size ? old : NULL, old_size, align, size);
}

/* The host has read what this function answered: the call is over. */
#define AFTER(interface, function)                                                                                     \
    __attribute__((export_name("cabi_post_sluice:plugin/" #interface "@0.2.1#" #function))) void                       \
        __wasm_export_exports_sluice_plugin_##interface##_##function##_post_return(uint8_t *result)                    \
    {                                                                                                                  \
        (void)result;                                                                                                  \
        sluice_end(SLUICE_LIFE_OF_CALL);                                                                               \
    }

/* ---- The instance ---- */

/* The first call makes the plugin from its settings. A plugin that could not be made answers every call with the reason. */
static sluice_error make(void)
{
    static bool is_made;
    static sluice_error outcome;
    const sluice_json *settings;
    sluice_str problem;
    if (is_made) return outcome;
    sluice_enter(SLUICE_LIFE_OF_INSTANCE);
    settings = sluice_json_parse(sluice_settings(), &problem);
    outcome = settings ? sluice_plugin_create(settings)
                       : sluice_fail(SLUICE_BAD_SETTINGS, "settings: %.*s", SLUICE_FMT(problem));
    if (outcome.kind != SLUICE_NO_ERROR) outcome.kind = SLUICE_BAD_SETTINGS;
    is_made = true;
    sluice_enter(SLUICE_LIFE_OF_CALL);
    return outcome;
}

/* ---- about ---- */

AFTER(about, describe)

static plugin_list_string_t strings_of(const char *const *texts)
{
    plugin_list_string_t list = {NULL, 0};
    if (!texts) return list;
    while (texts[list.len]) list.len++;
    list.ptr = SLUICE_NEW(plugin_string_t, list.len);
    for (size_t i = 0; i < list.len; i++) list.ptr[i] = string_of(sluice_text(texts[i]));
    return list;
}

static plugin_list_tuple2_string_string_t pairs_of(const char *const (*pairs)[2])
{
    plugin_list_tuple2_string_string_t list = {NULL, 0};
    if (!pairs) return list;
    while (pairs[list.len][0]) list.len++;
    list.ptr = SLUICE_NEW(plugin_tuple2_string_string_t, list.len);
    for (size_t i = 0; i < list.len; i++) {
        list.ptr[i].f0 = string_of(sluice_text(pairs[i][0]));
        list.ptr[i].f1 = string_of(sluice_text(pairs[i][1]));
    }
    return list;
}

static exports_sluice_plugin_about_list_medium_t media_of(unsigned bits)
{
    exports_sluice_plugin_about_list_medium_t list = {SLUICE_NEW(exports_sluice_plugin_about_medium_t, 5), 0};
    for (unsigned medium = SLUICE_PLUGIN_TYPES_MEDIUM_IMAGE; medium <= SLUICE_PLUGIN_TYPES_MEDIUM_TOKENS; medium++)
        if (bits >> medium & 1) list.ptr[list.len++] = (exports_sluice_plugin_about_medium_t)medium;
    return list;
}

void exports_sluice_plugin_about_describe(exports_sluice_plugin_about_manifest_t *result)
{
    const sluice_manifest *manifest = sluice_plugin_manifest();
    *result = (exports_sluice_plugin_about_manifest_t){
        .name = string_of(sluice_text(manifest->name)),
        .version = string_of(sluice_text(manifest->version)),
        .summary = string_of(sluice_text(manifest->summary)),
        .settings_schema = string_of(sluice_text(manifest->settings_schema)),
        .outbound = strings_of(manifest->outbound),
        .constrains = manifest->constrains,
        .looks_at = media_of(manifest->looks_at),
        .extras = pairs_of(manifest->extras),
    };
}

/* ---- Errors ---- */

/* The nearest error of a guardrail; a hook has the same ones in the same order. */
static inline uint8_t error_of_check(sluice_error_kind kind)
{
    switch (kind) {
    case SLUICE_UNAVAILABLE:
    case SLUICE_TIMEOUT:
    case SLUICE_UNREACHABLE:
    case SLUICE_RETRY: return 0;
    case SLUICE_BAD_SETTINGS: return 1;
    default: return 2;
    }
}
