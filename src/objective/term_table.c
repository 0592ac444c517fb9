/* The table of loss terms, and what options ask of them. */
#include "objective/objective.h"

#define DECLARE(UPPER, lower) extern const mos_term_row mos_term_##lower;
MOS_TERM_LIST(DECLARE)

#define POINT_AT(UPPER, lower) &mos_term_##lower,
const mos_term_row *const mos_terms[MOS_TERM_COUNT] = {MOS_TERM_LIST(POINT_AT)};

bool mos_objective_uses(const mos_objective_options *options, mos_term term) {
    return (options->method->terms & 1u << term) != 0 && options->weight[term] != 0;
}

unsigned mos_objective_needs(const mos_objective_options *options) {
    unsigned needs = 0;
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        if (mos_objective_uses(options, (mos_term)t)) needs |= mos_terms[t]->needs(options);
    return needs;
}

unsigned mos_method_needs(const mos_method *method) {
    mos_objective_options options = {.method = method};
    for (int t = 0; t < MOS_TERM_COUNT; t++)
        options.weight[t] = 1;
    return mos_objective_needs(&options);
}

mos_view_plan mos_objective_views(const mos_objective_options *options) {
    unsigned needs = mos_objective_needs(options);
    if ((needs & MOS_NEEDS_STRONG) == 0)
        return (mos_view_plan){.views = 1, .kinds = "a", .anchor = 0};
    if ((needs & MOS_NEEDS_ANCHOR) == 0 || options->shared_anchor)
        return (mos_view_plan){.views = 2, .kinds = "ss", .anchor = 0};
    return (mos_view_plan){.views = 3, .kinds = "ssa", .anchor = 2};
}
