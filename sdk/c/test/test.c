/* The test runner as one source file to compile, with the plugin's sources and src/sluice.c. */
#include "case.h"

#include "equal.c"
#include "host.c"
#include "host_http.c"
#ifdef SLUICE_CAN_READ_CANDIDATES
#include "host_candidates.c"
#endif
#ifdef SLUICE_GUARDRAIL_CHECK
#include "guardrail.c"
#endif
#include "kinds.c"
#include "main.c"
