/* Reading an answer of HTTP. */
#include "sluice/host.h"

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

static bool is_named(sluice_str a, sluice_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    return true;
}

sluice_str sluice_http_header(const sluice_http_response *response, sluice_str name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (is_named(response->headers[i].name, name)) return response->headers[i].value;
    return SLUICE_NONE;
}
