#include "prepare/split/split_rule.h"

mos_split mos_split_rule_v2(int column, int row) {
    const double side = 109800.0, root2 = 1.41421356237309504880;
    double x = 1200.0 * column + 600.0, y = 1200.0 * row + 600.0, d = x;
    if (y < d) d = y;
    if (side - x < d) d = side - x;
    if (side - y < d) d = side - y;
    double train = side * (2.0 - root2) / 4.0;
    if (d < train) return MOS_SPLIT_TRAIN;
    return d < train + side * (root2 - 1.0) / 4.0 ? MOS_SPLIT_VALIDATION : MOS_SPLIT_TEST;
}
