/* The +1000 DN that Sentinel-2 processing baseline 04.00 and later adds to every band, so that dark
 * pixels do not end at 0.
 *
 * With data.boa_offset = auto:
 * 0. A scale of 1e-4 beside an offset of -0.1 (or 0) in the file's own tags says whether it is
 * there.
 * 1. A product name (the BigEarthNet patch name, the csv's `product` column, or an id or path that
 * holds one) with baseline 0000..0399 has no offset, 0400..9998 has it.
 * 2. Otherwise (no name, or N9999: somebody's own processing) the pixels tell, over B10 of level
 * 1C, which is dark everywhere, else over B02..B08, B8A, B11, B12 as far as stored: where any band
 * has more than 1 % of its valid pixels below 1000 the sample is "dark": no offset. Where no band
 * has, but some band has more than 1 % below 2000, it is "shifted": offset. Where none has, it is
 * "bright" (cloud, snow, desert) and the pixels cannot tell.
 * 3. Up to 32 samples, evenly spaced, are looked at while opening. N9999 samples are "shifted" only
 * when more of them are shifted than dark, because within one archive the processing is one.
 * Samples without a name are decided together, never one by one, so that a pixel has one value in
 * every patch that holds it: all of them where the patches of the spot check agree; else by ground
 * (data/offset_groups.h), where one dark patch speaks for its neighbours; only samples without any
 * place are taken one by one, and a bright one among them is refused, naming data.boa_offset. Every
 * step is a function of the data set alone: the same answer in any order of reads and for any
 * subset of bands.
 * 4. A name, a tag or data.boa_offset remove that says +1000 while more than 1 % of a band lies
 * below 500 is contradicted by the pixels: they were harmonised before. That is refused, never
 * subtracted again.
 * 5. Nothing is subtracted from floats; what is left in them is said (data/offset_floats.h).
 *
 * Removal: 0 stays 0 (no data), everything else becomes max(v - 1000, 1), which is what earlier
 * baselines wrote. */
#ifndef MOS_DATA_OFFSET_GUARD_H
#define MOS_DATA_OFFSET_GUARD_H

#include "data/sample_reader.h"

enum { MOS_OFFSET_DN = 1000, MOS_BASELINE_OFFSET = 400, MOS_BASELINE_OWN = 9999 };
/* A pixel below this carries no +1000: reflectance is hardly ever below -0.05. */
enum { MOS_OFFSET_SURELY_WITHOUT = 500 };

typedef enum mos_brightness {
    MOS_BRIGHTNESS_DARK,
    MOS_BRIGHTNESS_SHIFTED,
    MOS_BRIGHTNESS_BRIGHT,
    MOS_BRIGHTNESS_NONE
} mos_brightness;

/* Rule 2; NONE where there is nothing to judge by (no visible band, no valid pixel). */
mosaic_status mos_offset_brightness(mos_reader *reader, int64_t sample, int64_t modality,
                                    mos_brightness *out);
/* The bands of the ground, as indices: rule 4 looks at all of them. */
int64_t mos_offset_surface(const mos_modality *modality, int *out);
/* Those that rule 2 looks at: none where no visible band is stored, since near infrared is bright
 * on land. */
int64_t mos_offset_bands(const mos_modality *modality, int *out);
/* Rule 2 on bands at hand; `step` is what was added: MOS_OFFSET_DN, or 0.1 of reflectance. */
mos_brightness mos_offset_brightness_of(const mos_raw_band *const *bands, int64_t count,
                                        double step);
/* Rules 1 to 3 without reading; UNDECIDED: too bright to tell, and other samples differ. */
mos_offset_state mos_offset_judge(const mos_dataset *dataset, int64_t sample, int baseline,
                                  mos_brightness brightness);
/* What a tag of the sample's file says: 1 the offset is there, -1 it is not, 0 nothing. */
int mos_offset_tag(mos_dataset *dataset, int64_t sample, int64_t modality);
/* Rule 4 on bands at hand: percent of the band with the most pixels that surely have no offset, and
 * which one it is. */
double mos_offset_share_without(const mos_raw_band *const *bands, int64_t count, int64_t *band);
/* Does a product name decide alone? */
bool mos_offset_named(int baseline);
/* Refuses a sample whose name or tag says +1000 and whose bands at hand (indices `bands`) say it
 * was removed before. Looked at until one read was clean, then remembered. */
mosaic_status mos_offset_contradict(mos_dataset *dataset, int64_t sample, int64_t modality,
                                    const int *bands, int64_t count, const mos_raw_band *raw);
/* Baseline by names of the sample: -1 unknown. */
int mos_offset_baseline(const mos_dataset *dataset, int64_t sample, int64_t modality);
/* The decision; remembered per sample, counted once. */
mosaic_status mos_offset_decide(mos_reader *reader, int64_t sample, int64_t modality,
                                bool *present);

#endif
