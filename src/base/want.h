/* Arguments of the public interface that callers may not leave out. */
#ifndef MOS_BASE_WANT_H
#define MOS_BASE_WANT_H

#include "base/error.h"

/* MOSAIC_ERR_USAGE, with both names in the message, where `pointer` is NULL. */
mosaic_status mos_want(const void *pointer, const char *function, const char *argument);

/* Leaves a function that returns a status where its argument is NULL. */
#define MOS_WANT(argument) MOS_TRY(mos_want((argument), __func__, #argument))

#endif
