#include "data/formats.h"

#define ADDRESS(id, name) &mos_format_##id,
#define NAME(id, name)    name,

_Static_assert(sizeof((const char *const[]){MOS_FORMATS(NAME)}) / sizeof(char *) <=
                   MOS_DATA_MAX_FORMATS,
               "more formats than mos_data_options has blocks");

const mos_format *const mos_formats[] = {MOS_FORMATS(ADDRESS) NULL};
const char *const mos_format_names[] = {"auto", MOS_FORMATS(NAME) NULL};
