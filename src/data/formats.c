#include "data/formats.h"

#define ADDRESS(id, name) &mos_format_##id,
#define NAME(id, name)    name,

const mos_format *const mos_formats[] = {MOS_FORMATS(ADDRESS) NULL};
const char *const mos_format_names[] = {"auto", MOS_FORMATS(NAME) NULL};
