/* Packing archives that can only be read from beginning to end, BigEarthNet as downloaded: a source
 * (prepare/pack/pack_source.h) says what is wanted, the engine (prepare/pack/pack_archive.h) reads
 * and makes it. */
#include "prepare/pack/pack.h"

#include "base/memory.h"
#include "data/data_options.h"
#include "prepare/pack/pack_archive.h"

/* Patches were packed as they came; now it is known which of them are of a sample. */
static mosaic_status remove_others(mos_pack_stream_state *stream, const mos_pack_options *options) {
    const mos_pack_source *source = &stream->source;
    size_t others = 0;
    for (int kind = 0; kind < source->kinds; kind++) {
        const mos_name_set *names = source->names[kind];
        for (size_t i = 0; i < names->count; i++) {
            char key[MOS_PACK_KEY_BYTES];
            if (names->entries[i].used) continue;
            if (others++ == 0) MOS_TRY(mos_pack_sink_write(options, &stream->sink));
            MOS_TRY(mos_pack_source_key(source, kind, i, key));
            MOS_TRY(mos_pack_sink_remove(&stream->sink, key));
        }
    }
    return mos_pack_sink_close(&stream->sink, MOSAIC_OK);
}

mosaic_status mos_pack_stream(const mos_data_options *data, const mos_pack_options *options,
                              mos_pack_result *out) {
    *out = (mos_pack_result){0};
    mos_pack_stream_state stream = {
        .sink = {.skip = data->policy == MOS_POLICY_SKIP, .result = out},
        .threads = options->threads < 1 ? 1 : options->threads,
        .progress = options->progress};
    mos_pack_source *source = &stream.source;
    mosaic_status status;
    MOS_GOTO(mos_pack_source_open(data, options->progress, source));
    MOS_GOTO(mos_pack_begin(options->folder, source->fingerprint));
    MOS_GOTO(mos_alloc((size_t)stream.threads, sizeof *stream.workers, "pack", &stream.workers));
    MOS_GOTO(mos_pack_sink_write(options, &stream.sink));
    MOS_GOTO(mos_pack_archives_read(&stream));
    MOS_GOTO(mos_pack_sink_close(&stream.sink, MOSAIC_OK));
    MOS_GOTO(source->kind->write_table(source, options->folder, &out->samples));
    MOS_GOTO(remove_others(&stream, options));
    if (!options->verify) goto done;
    MOS_GOTO(mos_pack_sink_verify(options, &stream.sink));
    MOS_GOTO(mos_pack_archives_read(&stream));
    MOS_GOTO(mos_pack_content(options, out->content));
done:
    status = mos_pack_sink_close(&stream.sink, status);
    for (int t = 0; stream.workers != NULL && t < stream.threads; t++)
        mos_pack_worker_release(&stream.workers[t]);
    mos_free(stream.workers);
    mos_pack_source_release(source);
    return status;
}
