/* Memory that is given back all at once. */
#ifndef SLUICE_MEMORY_H
#define SLUICE_MEMORY_H

#include "sluice/core.h"

/* How long memory lives. */
typedef enum sluice_life {
    SLUICE_LIFE_OF_CALL,
    SLUICE_LIFE_OF_INSTANCE,
    /* Only tests outlive instances: they make one after another in one process. */
    SLUICE_LIFE_OF_TESTS,
    SLUICE_LIVES,
} sluice_life;

/* What is taken from now on lives as long as this. Begins with the call. */
void sluice_enter(sluice_life life);

/* Gives back all that was taken in this life. */
void sluice_end(sluice_life life);

/* Takes memory, or grows what was taken; `old` may be NULL. Not zeroed. */
void *sluice_take(void *old, size_t old_size, size_t align, size_t size);

#endif
