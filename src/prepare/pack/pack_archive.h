/* The engine of streamed packs: reads archives that can only be read from beginning to end
 * (.tar.gz, .tar.zst, parts). The files of a patch wait until all of them have come, which in
 * archives in order is at once; then threads make its record, and the sink takes it. */
#ifndef MOS_PREPARE_PACK_PACK_ARCHIVE_H
#define MOS_PREPARE_PACK_PACK_ARCHIVE_H

#include "prepare/pack/pack_sink.h"
#include "prepare/pack/pack_source.h"

typedef struct mos_pack_stream_state {
    mos_pack_source source;
    mos_pack_sink sink;
    mos_pack_worker *workers; /* [threads] */
    int threads;
    bool progress;
    int64_t side; /* of a 10 m band, 0 until the first patch */
} mos_pack_stream_state;

/* Every archive of the source once, into the sink: made records are put, or compared. */
mosaic_status mos_pack_archives_read(mos_pack_stream_state *stream);

#endif
