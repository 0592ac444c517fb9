/* How large things may be that have a place of their own in structs: one list for data sets, models
 * and losses. */
#ifndef MOS_BASE_LIMITS_H
#define MOS_BASE_LIMITS_H

enum { MOS_MAX_MODALITIES = 8, MOS_MAX_BANDS = 64, MOS_MAX_CLASSES = 256 };

#endif
