/* The Sluice SDK for plugins in C. README.md beside this folder says how to start.
 *
 * A plugin is one struct, one function that makes it from its settings, one function for each kind of plugin that it is,
 * and a macro for each of them at the end of the file:
 *
 *     SLUICE_PLUGIN(my_plugin, manifest, create)
 *     SLUICE_GUARDRAIL(inspect)
 *
 * Read in this order:
 * - core.h: texts, memory, errors. Nothing is ever freed by hand.
 * - manifest.h: what a plugin says of itself, and how it is made.
 * - strategy.h, guardrail.h, callback.h, hook.h, periodic.h: what each kind gets and what it answers.
 * - host.h: what a plugin can ask the host for.
 * - json.h: reading and writing JSON.
 */
#ifndef SLUICE_H
#define SLUICE_H

#include "sluice/core.h"
#include "sluice/json.h"
#include "sluice/grants.h"
#include "sluice/host.h"
#include "sluice/manifest.h"
#include "sluice/strategy.h"
#include "sluice/guardrail.h"
#include "sluice/callback.h"
#include "sluice/hook.h"
#include "sluice/periodic.h"

#endif
