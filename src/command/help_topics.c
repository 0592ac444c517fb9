/* What users ask, answered in a few lines each: mosaic help TOPIC, and docs/topics.md. */
#include "mosaic/command.h"

#include "base/want.h"
#include "command/command_table.h"

#include <string.h>

typedef struct help_topic {
    const char *name, *summary, *text;
} help_topic;

static const help_topic topics[] = {
    {"formats", "which data can be read",
     "- BigEarthNet V2 and V1: the folder, the published tar archives as they are, or an LMDB\n"
     "- SEN12MS: the folder\n"
     "- patches of your own: a table (CSV) with the columns id, s1, s2, labels, split\n"
     "- whole scenes with a land-cover raster: a scene file (YAML)\n\n"
     "`mosaic init DATA` says what a place is, `mosaic data check DATA` what is wrong with it. "
     "Keys: `mosaic help data`.\n"},
    {"few-labels", "training when few patches have labels",
     "- `--set preset=few-labels` takes the values that did best with a tenth of the labels or "
     "fewer\n"
     "- patches without labels stay in the set: an empty 'labels' in a table\n"
     "- `--set data.labeled.fraction=0.1` uses a tenth of the labels, to see what they are "
     "worth\n\n"
     "A linear model on the features of a trained model: `mosaic probe`.\n"},
    {"maps", "a map of a scene for QGIS",
     "- `mosaic predict RUN --s1 S1.tif --s2 S2.tif --out map`\n"
     "- `--aoi FILE` restricts it to a part, `--mask FILE` leaves pixels out\n"
     "- `--grid patch` writes polygons in place of a raster\n\n"
     "The same command goes on where a stopped run was.\n"},
    {"search", "places that look like another one",
     "- `mosaic embed RUN --out embeddings` makes a row of numbers of every patch\n"
     "- `mosaic search embeddings ID --count 5` finds the rows most like that of ID\n"
     "- `--by s1 --among s2` asks with radar and answers with optical patches\n\n"
     "The search compares every row: it is exact.\n"},
    {"cluster", "several processes or machines",
     "- `mpirun -n 4 mosaic train CONFIG --out RUN`, or srun\n"
     "- `mosaic doctor` says which MPI is found\n"
     "- `train.batch` is the batch of all ranks together\n\n"
     "A job whose time is over writes a checkpoint and exits with 75; `--resume` goes on.\n"},
    {"precision", "float32 and bfloat16",
     "- `train.precision: auto` takes bf16 where the processor has it, fp32 elsewhere\n"
     "- losses, weights and moments are float32 in either\n"
     "- a trained model runs in the precision its thresholds were tuned in; `--precision` "
     "changes that\n"},
    {"memory", "runs that do not fit",
     "- `train.memory` is a budget in GB; prefetching, recomputing and gradient caching are chosen "
     "to fit\n"
     "- `mosaic train CONFIG --dry-run` shows the plan and trains nothing\n"
     "- a smaller `train.batch`, or `train.grad_cache`, changes what the losses or norms see\n\n"
     "Keys: `mosaic help train`.\n"},
    {"errors", "what exit codes mean",
     "- 1: a file could not be read or written, memory or a device failed\n"
     "- 2: usage: an option, a key or a value that the command does not take\n"
     "- 3: the data are not what they should be: `mosaic data check`\n"
     "- 4: numbers that are not finite, or features that collapsed\n"
     "- 5: `--resume` with another configuration or other data\n"
     "- 75: stopped by a signal, with a checkpoint: `--resume` goes on\n\n"
     "The message names the file, the key or the sample, what was found and what was wanted.\n"},
};
enum { TOPICS = sizeof topics / sizeof *topics };

const char *mosaic_topic_name(int i) {
    return i >= 0 && i < TOPICS ? topics[i].name : NULL;
}

const char *mosaic_topic_summary(int i) {
    return i >= 0 && i < TOPICS ? topics[i].summary : NULL;
}

mosaic_status mosaic_topic_print(const char *name, FILE *out) {
    const char *names[TOPICS];
    mos_text text = {0};
    MOS_WANT(name);
    MOS_WANT(out);
    for (int i = 0; i < TOPICS; i++) {
        names[i] = topics[i].name;
        if (strcmp(name, names[i]) != 0) continue;
        mos_text_add(&text, "%s: %s\n\n%s", names[i], topics[i].summary, topics[i].text);
        return mos_command_print(&text, out);
    }
    const char *near = mos_nearest_name(name, names, TOPICS);
    return mos_fail(MOSAIC_ERR_USAGE, "no help topic '%s'%s%s%s", name,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

mosaic_status mosaic_topics_markdown(FILE *out) {
    mos_text text = {0};
    MOS_WANT(out);
    mos_text_add(&text,
                 "# Help topics\n\nWritten by `mosaic help --markdown`. On a terminal: `mosaic "
                 "help TOPIC`.\n");
    for (int i = 0; i < TOPICS; i++)
        mos_text_add(&text, "\n## %s\n\n%c%s:\n\n%s", topics[i].name,
                     topics[i].summary[0] - 'a' + 'A', topics[i].summary + 1, topics[i].text);
    return mos_command_print(&text, out);
}
