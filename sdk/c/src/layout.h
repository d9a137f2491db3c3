/* From the SDK's types to those that wit-bindgen generates, and back. Where the fields are the same, in the same order, a
 * pointer is a pointer to the other type, so that nothing is copied. Author, SDK and generated code are translated one by one,
 * so no compiler sees both types at once and draws conclusions. */
#ifndef SLUICE_LAYOUT_H
#define SLUICE_LAYOUT_H

#include "sluice/core.h"
#include "plugin.h"

#define SAME_SIZE(ours, theirs) _Static_assert(sizeof(ours) == sizeof(theirs), #ours " is not " #theirs)

SAME_SIZE(sluice_str, plugin_string_t);
SAME_SIZE(sluice_str, plugin_list_u8_t);

/* A text that the contract wants: no text is an empty one. */
static inline plugin_string_t string_of(sluice_str text)
{
    return (plugin_string_t){(uint8_t *)text.ptr, text.len};
}

static inline plugin_list_u8_t bytes_of(sluice_str text)
{
    return (plugin_list_u8_t){(uint8_t *)text.ptr, text.len};
}

/* A text that the host gave. The host may give any address for an empty one, and NULL means no text here. */
static inline sluice_str str_of(plugin_string_t text)
{
    return (sluice_str){text.len ? (const char *)text.ptr : "", text.len};
}

static inline sluice_str str_of_bytes(plugin_list_u8_t bytes)
{
    return (sluice_str){bytes.len ? (const char *)bytes.ptr : "", bytes.len};
}

#endif
