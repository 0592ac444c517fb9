#include "score/point_tree.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { DEEPEST = 96 }; /* halvings of a cell; points nearer than that are one */

typedef struct cell {
    double x, y, half; /* centre and half width */
} cell;

mosaic_status mos_point_tree_create(int64_t n, mos_point_tree *out) {
    *out = (mos_point_tree){.n = n};
    mosaic_status status = mos_alloc((size_t)(2 * n), sizeof *out->nodes, "tree", &out->nodes);
    if (status == MOSAIC_OK)
        status = mos_alloc((size_t)n, sizeof *out->order, "tree order", &out->order);
    if (status == MOSAIC_OK)
        status = mos_alloc((size_t)n, sizeof *out->spare, "tree order", &out->spare);
    if (status != MOSAIC_OK) mos_point_tree_release(out);
    return status;
}

void mos_point_tree_release(mos_point_tree *tree) {
    mos_free(tree->nodes);
    mos_free(tree->order);
    mos_free(tree->spare);
    *tree = (mos_point_tree){0};
}

static int quadrant(const double *point, cell box) {
    return (point[0] > box.x) + 2 * (point[1] > box.y);
}

static cell quarter(cell box, int which) {
    double half = box.half / 2;
    return (cell){box.x + (which & 1 ? half : -half), box.y + (which & 2 ? half : -half), half};
}

/* Sort order[begin .. end) by quadrant, keeping the order within each; edges: [5]. */
static void split(mos_point_tree *tree, const double *points, cell box, int64_t begin, int64_t end,
                  int64_t edges[5]) {
    int64_t count[4] = {0}, at[4];
    for (int64_t i = begin; i < end; i++)
        count[quadrant(points + 2 * tree->order[i], box)]++;
    edges[0] = begin;
    for (int q = 0; q < 4; q++) {
        at[q] = edges[q];
        edges[q + 1] = edges[q] + count[q];
    }
    for (int64_t i = begin; i < end; i++)
        tree->spare[at[quadrant(points + 2 * tree->order[i], box)]++] = tree->order[i];
    memcpy(tree->order + begin, tree->spare + begin, (size_t)(end - begin) * sizeof *tree->order);
}

/* A cell whose points all lie in one quarter shrinks to it: every inner node has two children or
 * more, so 2 n nodes are enough. */
static void add_node(mos_point_tree *tree, const double *points, cell box, int64_t begin,
                     int64_t end, int depth) {
    int64_t edges[5];
    mos_point_node *node = &tree->nodes[tree->count++];
    *node = (mos_point_node){.mass = (double)(end - begin), .begin = begin};
    for (int64_t i = begin; i < end; i++) {
        node->x += points[2 * tree->order[i]] / node->mass;
        node->y += points[2 * tree->order[i] + 1] / node->mass;
    }
    bool leaf = end - begin == 1;
    for (; !leaf; depth++) {
        if (depth == DEEPEST) {
            leaf = true;
            break;
        }
        split(tree, points, box, begin, end, edges);
        int only = -1;
        for (int q = 0; q < 4; q++)
            if (edges[q + 1] - edges[q] == end - begin) only = q;
        if (only < 0) break;
        box = quarter(box, only);
    }
    if (!leaf) {
        node->width_squared = 4 * box.half * box.half;
        for (int q = 0; q < 4; q++)
            if (edges[q + 1] > edges[q])
                add_node(tree, points, quarter(box, q), edges[q], edges[q + 1], depth + 1);
    }
    node->next = tree->count;
}

void mos_point_tree_build(mos_point_tree *tree, const double *points) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int64_t i = 0; i < tree->n; i++) {
        tree->order[i] = (int32_t)i;
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], points[2 * i + k]);
            high[k] = fmax(high[k], points[2 * i + k]);
        }
    }
    tree->count = 0;
    if (tree->n == 0) return;
    cell box = {(low[0] + high[0]) / 2, (low[1] + high[1]) / 2,
                fmax(high[0] - low[0], high[1] - low[1]) / 2};
    add_node(tree, points, box, 0, tree->n, 0);
}

double mos_point_tree_repulsion(const mos_point_tree *tree, const double *points, int64_t at,
                                double angle, double force[2]) {
    const double *own = points + 2 * tree->order[at];
    double x = own[0], y = own[1], squared = angle * angle, sum = 0, fx = 0, fy = 0;
    for (int64_t i = 0; i < tree->count;) {
        const mos_point_node *node = &tree->nodes[i];
        double dx = x - node->x, dy = y - node->y, distance = dx * dx + dy * dy;
        if (node->width_squared > 0 && node->width_squared >= squared * distance) {
            i++;
            continue;
        }
        double mass = node->mass;
        /* a leaf of its own: it does not repel itself, and its twins are at distance 0 */
        if (node->width_squared == 0 && at >= node->begin && at < node->begin + (int64_t)mass)
            mass -= 1;
        double q = 1 / (1 + distance), weight = mass * q;
        sum += weight;
        weight *= q;
        fx += weight * dx;
        fy += weight * dy;
        i = node->next;
    }
    force[0] += fx;
    force[1] += fy;
    return sum;
}
