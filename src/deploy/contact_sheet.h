/* Queries and their answers as pictures: sheet.png, a row per query, and sheet.html with captions.
 */
#ifndef MOS_DEPLOY_CONTACT_SHEET_H
#define MOS_DEPLOY_CONTACT_SHEET_H

#include "deploy/search.h"
#include "evaluate/session.h"

enum { MOS_SHEET_ANSWERS = 20, MOS_SHEET_QUERIES = 40 }; /* at most so many are drawn */

/* The patches are read from the data that the store was made of; session.model and .set may say
 * where they are now. A patch that cannot be read becomes a grey square; that is no error. */
mosaic_status mos_contact_sheet_write(const char *folder, const mos_session_options *session,
                                      const mos_search_options *options,
                                      const mos_embedding_store *store,
                                      const mos_search_result *result);

#endif
