/* A quadtree over points of the plane, for Barnes-Hut sums: a far cell counts as one heavy point.
 */
#ifndef MOS_SCORE_POINT_TREE_H
#define MOS_SCORE_POINT_TREE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mos_point_node {
    double x, y;          /* centre of mass */
    double width_squared; /* of the cell; 0: a leaf */
    double mass;          /* points inside */
    int64_t begin;        /* a leaf's points are order[begin .. begin + mass) */
    int64_t next;         /* the node after this one's subtree */
} mos_point_node;

/* Nodes in preorder, so that a walk is a loop: the first child follows its parent. */
typedef struct mos_point_tree {
    int64_t n, count;
    mos_point_node *nodes;  /* [2 n] */
    int32_t *order, *spare; /* [n] points in the order of the leaves */
} mos_point_tree;
mosaic_status mos_point_tree_create(int64_t n, mos_point_tree *out);
/* points: [n, 2], finite. */
void mos_point_tree_build(mos_point_tree *tree, const double *points);
void mos_point_tree_release(mos_point_tree *tree);

/* Student-t repulsion on the point order[at]: force += q^2 (y_i - y_j) over all others, and the sum
 * of q = 1 / (1 + |y_i - y_j|^2), which is returned. A cell of width w at distance r counts as one
 * point when w < angle r; angle below 0.7. */
double mos_point_tree_repulsion(const mos_point_tree *tree, const double *points, int64_t at,
                                double angle, double force[2]);

#endif
