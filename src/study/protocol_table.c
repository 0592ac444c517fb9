/* What is known of each protocol. Counts and rules are those of the sources named. */
#include "study/protocol.h"

#include <stddef.h>

#define V2_RULE                                                                                    \
    "official training, validation and test split of BigEarthNet V2 (metadata.parquet, "           \
    "recommended "                                                                                 \
    "set); labels of a part of training, drawn without replacement, stratified over classes, "     \
    "seed "                                                                                        \
    "0; 1 % lies within 10 % within 100 %"
#define V2_COUNTS                                                                                  \
    { 237871, 122342, 119825 }
#define OURS "this program (data.labeled, seed 0); no other S1 + S2 figure of this split is known"
#define SMARTIES_NOTE                                                                              \
    "another list goes under the same name (CROMA's, with snow and cloud: 35,420 and 118,065); "   \
    "published figures are of the validation list"
#define CROMA_NOTE                                                                                 \
    "another list goes under the same name (SMARTIES', without snow and cloud: 31,166 and "        \
    "103,943); published figures are of the validation list"

const mos_protocol mos_protocols[] = {
    {"ben-v2-1", "BigEarthNet V2", 0.01, V2_RULE, V2_COUNTS, 2379,
     "903b564624c238c8f0299cab8a90924d21847355d7e81938e0a50173cda5cb30", "test", "macro AP",
     "the whole list", NULL, OURS},
    {"ben-v2-10", "BigEarthNet V2", 0.1, V2_RULE, V2_COUNTS, 23787,
     "54cfbf83c5e547ffde9d8cff7986b4b6474e44d68022f15b57f6a5a50de636c8", "test", "macro AP",
     "the whole list", NULL, OURS},
    {"ben-v2-100", "BigEarthNet V2", 1, V2_RULE, V2_COUNTS, 237871,
     "81f22202cc4f4ac5d377c597d6cd59e40bb72f8738c185e4e7c85091681c0af7", "test", "macro AP",
     "the whole list", NULL, "reBEN's official split"},
    {"ben-v1-10-smarties",
     "BigEarthNet V1, 19 classes",
     0,
     "10 % of the training pairs without seasonal snow, clouds and shadows",
     {31166, 103943, -1},
     -1,
     NULL,
     "validation",
     "micro AP",
     "the whole list",
     SMARTIES_NOTE,
     "SMARTIES"},
    {"ben-v1-1-smarties",
     "BigEarthNet V1, 19 classes",
     0,
     "1 % of the training pairs without seasonal snow, clouds and shadows",
     {3116, 103943, -1},
     -1,
     NULL,
     "validation",
     "micro AP",
     "the whole list",
     SMARTIES_NOTE,
     "SMARTIES"},
    {"ben-v1-10-croma",
     "BigEarthNet V1, 19 classes",
     0,
     "10 % of the training patches, snow and cloud kept",
     {35420, 118065, -1},
     -1,
     NULL,
     "validation",
     "micro AP",
     "the whole list",
     CROMA_NOTE,
     "CROMA"},
    {"copernicus-bench-5",
     "BigEarthNet V2 as in Copernicus-Bench",
     0,
     "5 % lists of training, validation and test, S1 and S2 apart",
     {11894, 6117, 5991},
     -1,
     NULL,
     "test",
     "micro AP",
     "batches of 64, of which the mean is taken",
     "their AP is a mean over batches of 64; this program scores the whole list, so figures differ "
     "even for the same predictions",
     "Copernicus-Bench"},
    {"geobench2-benv2",
     "benv2 of GEO-Bench-2",
     0,
     "20,000 training, 4,000 validation and 4,000 test samples of the benchmark",
     {20000, 4000, 4000},
     -1,
     NULL,
     "test",
     "micro AP",
     "the whole list",
     "its VV and VH are exchanged: by its own statistics VV has mean -19.4 dB and VH -12.6 dB; "
     "name the first radar band VH and the second VV, or training is refused as swapped",
     "GEO-Bench-2"},
    {.name = NULL},
};
