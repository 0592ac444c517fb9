#include "io/lmdb_check.h"

#include "base/memory.h"
#include "io/file_map.h"

#include <string.h>

/* Page: u64 number, u16 pad, u16 flags, u16 lower, u16 upper (or u32 pages of an overflow run),
 * then u16 node offsets. Meta at byte 16: u32 magic, u32 version, u64 address, u64 map size, two
 * trees of 48 bytes (free list, main), u64 last page, u64 transaction. Tree: u32 pad (page size in
 * the first), u16 flags, u16 depth, u64 branch, leaf, overflow pages, entries, root. Node: u16 low,
 * u16 high, u16 flags, u16 key size, key, value. A branch keeps the child's number in low, high,
 * flags; a leaf the value's size in low, high. */
enum {
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    TREE_BYTES = 48,
    META_BYTES = PAGE_HEADER + 136,
    MAX_DEPTH = 32,
    MAX_KEY = 511
};
enum { P_BRANCH = 0x01, P_LEAF = 0x02, P_OVERFLOW = 0x04, P_META = 0x08 };
enum { F_BIGDATA = 0x01 };
/* Kinds of tree: reversed, duplicate, integer keys and so on. The free list's also carries flags of
 * the environment, above these. */
enum { TREE_KINDS = 0x7f, TREE_INTEGER_KEY = 0x08 };
enum { FREE_TREE = 0, MAIN_TREE = 1 };
static const uint32_t lmdb_magic = 0xBEEFC0DE;
static const uint64_t no_page = UINT64_MAX;

enum { MAX_PAGE_BYTES = 32768 };

typedef struct node_view {
    const unsigned char *at;
    size_t key_bytes, room; /* room: bytes from the node to the page's end */
} node_view;

typedef struct tree_walk {
    const unsigned char *data;
    uint64_t page_bytes, pages; /* of the file in use */
    uint64_t transaction;
    int tree;
    unsigned depth;            /* every leaf must lie this deep */
    uint64_t branches, leaves; /* left of what the meta page promises */
    uint64_t spill, entries;   /* overflow pages and records met */
    uint64_t first_key;
    node_view
        before; /* the key met last, in order; a branch's keys stand between those of its leaves */
    bool before_is_branch;
    unsigned char *used; /* a bit per page met, for a store that will be written to; else NULL */
} tree_walk;

static mosaic_status fail_page(uint64_t number, const char *message) {
    return mos_fail(MOSAIC_ERR_DATA, "LMDB page %llu: %s", (unsigned long long)number, message);
}

static int compare_keys(const unsigned char *a, size_t a_bytes, const unsigned char *b,
                        size_t b_bytes) {
    size_t common = a_bytes < b_bytes ? a_bytes : b_bytes;
    int order = common > 0 ? memcmp(a, b, common) : 0;
    return order != 0 ? order : a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

/* A page that serves two purposes would be written over. */
static mosaic_status mark_pages(const tree_walk *walk, uint64_t first, uint64_t count) {
    for (uint64_t page = first; walk->used != NULL && page < first + count; page++) {
        unsigned char bit = (unsigned char)(1u << page % 8);
        if (walk->used[page / 8] & bit) return fail_page(page, "is used twice");
        walk->used[page / 8] |= bit;
    }
    return MOSAIC_OK;
}

/* Page numbers of a free-list record: a count, then numbers in descending order. */
static mosaic_status check_free_list(const tree_walk *walk, const unsigned char *value,
                                     uint64_t bytes) {
    if (bytes < 8 || mos_load_u64(value) > bytes / 8 - 1)
        return mos_fail(MOSAIC_ERR_DATA, "LMDB free list is damaged");
    uint64_t count = mos_load_u64(value), before = walk->pages;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t number = mos_load_u64(value + 8 * (i + 1));
        if (number < 2 || number >= before)
            return mos_fail(MOSAIC_ERR_DATA, "LMDB free list names page %llu",
                            (unsigned long long)number);
        MOS_TRY(mark_pages(walk, number, 1));
        before = number;
    }
    return MOSAIC_OK;
}

static mosaic_status check_leaf_value(tree_walk *walk, uint64_t number, const node_view *node) {
    uint64_t bytes = (uint64_t)mos_load_u16(node->at) | (uint64_t)mos_load_u16(node->at + 2) << 16;
    unsigned flags = mos_load_u16(node->at + 4);
    size_t before = NODE_HEADER + node->key_bytes;
    const unsigned char *value = node->at + before;
    if (flags & ~(unsigned)F_BIGDATA)
        return fail_page(number,
                         "holds named databases or duplicate keys, which are not supported");
    if (flags & F_BIGDATA) {
        if (node->room - before < 8) return fail_page(number, "node reaches beyond the page");
        uint64_t first = mos_load_u64(value),
                 run = (PAGE_HEADER + bytes + walk->page_bytes - 1) / walk->page_bytes;
        if (first < 2 || first >= walk->pages || run > walk->pages - first)
            return fail_page(number, "value lies beyond the file");
        walk->spill += run;
        MOS_TRY(mark_pages(walk, first, run));
        value = walk->data + first * walk->page_bytes + PAGE_HEADER;
    } else if (bytes > node->room - before) {
        return fail_page(number, "value reaches beyond the page");
    }
    if (walk->entries++ == 0) walk->first_key = (uint64_t)(node->at + NODE_HEADER - walk->data);
    return walk->tree == FREE_TREE ? check_free_list(walk, value, bytes) : MOSAIC_OK;
}

/* Node `i` of a page whose header was checked. */
static mosaic_status take_node(const tree_walk *walk, const unsigned char *page, uint64_t number,
                               size_t i, node_view *out) {
    size_t offset = mos_load_u16(page + PAGE_HEADER + 2 * i), upper = mos_load_u16(page + 14);
    if (offset < upper || offset % 2 != 0 || offset > walk->page_bytes - NODE_HEADER)
        return fail_page(number, "node offset is damaged");
    out->at = page + offset;
    out->room = (size_t)walk->page_bytes - offset;
    out->key_bytes = mos_load_u16(out->at + 6);
    if (out->key_bytes > MAX_KEY || out->key_bytes > out->room - NODE_HEADER)
        return fail_page(number, "key reaches beyond the page");
    return MOSAIC_OK;
}

static mosaic_status check_page_header(tree_walk *walk, uint64_t number, unsigned depth, bool *leaf,
                                       size_t *nodes) {
    if (number < 2 || number >= walk->pages) return fail_page(number, "lies beyond the file");
    const unsigned char *page = walk->data + number * walk->page_bytes;
    unsigned flags = mos_load_u16(page + 10);
    size_t lower = mos_load_u16(page + 12), upper = mos_load_u16(page + 14);
    *leaf = depth + 1 == walk->depth;
    if (mos_load_u64(page) != number) return fail_page(number, "carries another number");
    if (flags != (*leaf ? P_LEAF : P_BRANCH))
        return fail_page(number, "is not of the kind its tree needs");
    uint64_t *left = *leaf ? &walk->leaves : &walk->branches;
    if (*left == 0) return fail_page(number, "is one more than the tree has");
    --*left;
    if (lower < PAGE_HEADER || lower % 2 != 0 || upper < lower || upper > walk->page_bytes)
        return fail_page(number, "header is damaged");
    MOS_TRY(mark_pages(walk, number, 1));
    *nodes = (lower - PAGE_HEADER) / 2;
    /* liblmdb stops the process at a branch with one child (it lets the free list have one). */
    size_t least = *leaf || walk->tree == FREE_TREE ? 1 : 2;
    return *nodes >= least ? MOSAIC_OK : fail_page(number, "holds too few nodes");
}

static size_t node_bytes(const node_view *node, bool leaf) {
    size_t size = NODE_HEADER + node->key_bytes;
    if (leaf)
        size += mos_load_u16(node->at + 4) & F_BIGDATA
                    ? 8
                    : (size_t)mos_load_u16(node->at) | (size_t)mos_load_u16(node->at + 2) << 16;
    return (size + 1) / 2 * 2;
}

/* The nodes fill the page from `upper` on without overlap: liblmdb moves them about by their sizes.
 */
static mosaic_status check_packing(const tree_walk *walk, const unsigned char *page,
                                   uint64_t number, bool leaf, size_t nodes) {
    unsigned char taken[MAX_PAGE_BYTES / 2] = {0}; /* per two bytes */
    size_t total = 0;
    node_view node;
    for (size_t i = 0; i < nodes; i++) {
        MOS_TRY(take_node(walk, page, number, i, &node));
        size_t size = node_bytes(&node, leaf), at = (size_t)(node.at - page) / 2;
        if (size > node.room || memchr(taken + at, 1, size / 2) != NULL)
            return fail_page(number, "nodes overlap");
        memset(taken + at, 1, size / 2);
        total += size;
    }
    return total == walk->page_bytes - mos_load_u16(page + 14)
               ? MOSAIC_OK
               : fail_page(number, "nodes do not fill their space");
}

/* Keys ascend over the whole tree; a branch's key is at most the first of its leaves. */
static mosaic_status check_key(tree_walk *walk, uint64_t number, const node_view *node, bool leaf) {
    const node_view *before = &walk->before;
    const unsigned char *key = node->at + NODE_HEADER;
    if (node->key_bytes == 0) return fail_page(number, "key is empty");
    int order = -1;
    if (walk->tree == MAIN_TREE) {
        if (before->at != NULL)
            order = compare_keys(before->at + NODE_HEADER, before->key_bytes, key, node->key_bytes);
    } else {
        if (node->key_bytes != 8) return fail_page(number, "free-list key is damaged");
        uint64_t mine = mos_load_u64(key),
                 last = before->at != NULL ? mos_load_u64(before->at + NODE_HEADER) : 0;
        if (mine == 0 || mine > walk->transaction)
            return fail_page(number, "free-list key is damaged");
        order = last < mine ? -1 : last > mine;
    }
    if (order > 0 || (order == 0 && !(leaf && walk->before_is_branch)))
        return fail_page(number, "keys are out of order");
    walk->before = *node;
    walk->before_is_branch = !leaf;
    return MOSAIC_OK;
}

static mosaic_status walk_page(tree_walk *walk, uint64_t number, unsigned depth) {
    bool leaf = false;
    size_t nodes = 0;
    MOS_TRY(check_page_header(walk, number, depth, &leaf, &nodes));
    const unsigned char *page = walk->data + number * walk->page_bytes;
    if (walk->used != NULL) MOS_TRY(check_packing(walk, page, number, leaf, nodes));
    for (size_t i = 0; i < nodes; i++) {
        node_view node;
        MOS_TRY(take_node(walk, page, number, i, &node));
        /* The first key of a branch is not used: it stands for minus infinity. */
        if (leaf || i > 0) MOS_TRY(check_key(walk, number, &node, leaf));
        if (leaf) {
            MOS_TRY(check_leaf_value(walk, number, &node));
        } else {
            uint64_t child = (uint64_t)mos_load_u16(node.at) |
                             (uint64_t)mos_load_u16(node.at + 2) << 16 |
                             (uint64_t)mos_load_u16(node.at + 4) << 32;
            MOS_TRY(walk_page(walk, child, depth + 1));
        }
    }
    return MOSAIC_OK;
}

static mosaic_status check_tree(const unsigned char *data, mos_lmdb_shape *shape,
                                const unsigned char *tree, int kind, unsigned char *used) {
    unsigned flags = mos_load_u16(tree + 4), depth = mos_load_u16(tree + 6);
    uint64_t branches = mos_load_u64(tree + 8), leaves = mos_load_u64(tree + 16),
             entries = mos_load_u64(tree + 32);
    uint64_t root = mos_load_u64(tree + 40), spill = mos_load_u64(tree + 24);
    if (kind == MAIN_TREE && flags != 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "LMDB database of kind 0x%x, only plain ones are supported", flags);
    if (kind == FREE_TREE && (flags & TREE_KINDS) != TREE_INTEGER_KEY)
        return mos_fail(MOSAIC_ERR_DATA, "LMDB free list of kind 0x%x", flags);
    if (root == no_page) {
        if (entries != 0 || depth != 0 || branches != 0 || leaves != 0 || spill != 0)
            return mos_fail(MOSAIC_ERR_DATA, "LMDB tree has no root, but %llu entries or a size",
                            (unsigned long long)entries);
        return MOSAIC_OK;
    }
    if (depth == 0 || depth > MAX_DEPTH)
        return mos_fail(MOSAIC_ERR_DATA, "LMDB tree of depth %u", depth);
    if (branches > shape->pages || leaves > shape->pages || spill > shape->pages)
        return mos_fail(
            MOSAIC_ERR_DATA,
            "LMDB tree of %llu branch, %llu leaf and %llu overflow pages in a file of %llu",
            (unsigned long long)branches, (unsigned long long)leaves, (unsigned long long)spill,
            (unsigned long long)shape->pages);
    tree_walk walk = {.data = data,
                      .page_bytes = shape->page_bytes,
                      .pages = shape->pages,
                      .tree = kind,
                      .depth = depth,
                      .branches = branches,
                      .leaves = leaves,
                      .transaction = shape->transaction,
                      .used = used};
    MOS_TRY(walk_page(&walk, root, 0));
    /* A value replaced by a smaller one keeps its pages, so there may be more of them than the
     * values need. */
    if (walk.branches != 0 || walk.leaves != 0 || walk.entries != entries || walk.spill > spill)
        return mos_fail(MOSAIC_ERR_DATA,
                        "LMDB tree holds %llu of %llu entries, and %llu of %llu overflow pages",
                        (unsigned long long)walk.entries, (unsigned long long)entries,
                        (unsigned long long)walk.spill, (unsigned long long)spill);
    shape->first_key = walk.first_key;
    return MOSAIC_OK;
}

static mosaic_status check_meta(const unsigned char *data, size_t size, uint64_t offset,
                                const char *which) {
    if (size < META_BYTES || offset > size - META_BYTES)
        return mos_fail(MOSAIC_ERR_DATA, "LMDB file is cut short: no %s meta page", which);
    const unsigned char *page = data + offset, *meta = page + PAGE_HEADER;
    if (!(mos_load_u16(page + 10) & P_META) || mos_load_u32(meta) != lmdb_magic)
        return mos_fail(MOSAIC_ERR_DATA, "not an LMDB file, or its %s meta page is damaged", which);
    if (mos_load_u32(meta + 4) != 1)
        return mos_fail(MOSAIC_ERR_DATA, "LMDB format %u, only 1 is supported",
                        mos_load_u32(meta + 4));
    uint32_t page_bytes = mos_load_u32(meta + 24);
    if (page_bytes < 512 || page_bytes > MAX_PAGE_BYTES || (page_bytes & (page_bytes - 1)) != 0)
        return mos_fail(MOSAIC_ERR_DATA, "LMDB pages of %u bytes", page_bytes);
    return MOSAIC_OK;
}

mosaic_status mos_lmdb_check(const void *data, size_t size, bool writable, mos_lmdb_shape *out) {
    const unsigned char *bytes = data;
    MOS_TRY(check_meta(bytes, size, 0, "first"));
    uint32_t page_bytes = mos_load_u32(bytes + PAGE_HEADER + 24);
    MOS_TRY(check_meta(bytes, size, page_bytes, "second"));
    const unsigned char *first = bytes + PAGE_HEADER, *second = first + page_bytes;
    if (mos_load_u32(second + 24) != page_bytes)
        return mos_fail(MOSAIC_ERR_DATA, "LMDB meta pages disagree on the page size");
    /* The newer one counts. Transactions take turns at the two pages, and liblmdb finds its page by
     * the number's last bit. */
    const unsigned char *meta =
        mos_load_u64(first + 128) < mos_load_u64(second + 128) ? second : first;
    if ((mos_load_u64(meta + 128) & 1) != (meta == second))
        return mos_fail(MOSAIC_ERR_DATA, "LMDB transaction number is damaged");
    uint64_t last = mos_load_u64(meta + 120);
    if (last < 1 || last >= size / page_bytes)
        return mos_fail(MOSAIC_ERR_DATA,
                        "LMDB file is cut short: %zu bytes hold %llu pages, wanted %llu", size,
                        (unsigned long long)(size / page_bytes), (unsigned long long)last + 1);
    const unsigned char *trees = meta + 24;
    *out = (mos_lmdb_shape){.page_bytes = page_bytes};
    out->pages = last + 1;
    out->entries = mos_load_u64(trees + TREE_BYTES + 32);
    out->transaction = mos_load_u64(meta + 128);
    if (!writable) return check_tree(bytes, out, trees + TREE_BYTES, MAIN_TREE, NULL);
    if (out->transaction > UINT64_MAX / 4)
        return mos_fail(MOSAIC_ERR_DATA, "LMDB transaction number is damaged");
    unsigned char *used;
    MOS_TRY(mos_alloc((size_t)(out->pages / 8 + 1), 1, "LMDB page map", &used));
    mosaic_status status = check_tree(bytes, out, trees, FREE_TREE, used);
    if (status == MOSAIC_OK) status = check_tree(bytes, out, trees + TREE_BYTES, MAIN_TREE, used);
    mos_free(used);
    return status;
}

bool mos_lmdb_value_is_sound(const void *data, const mos_lmdb_shape *shape, const void *value,
                             size_t size, bool exact) {
    uint64_t file_bytes = shape->pages * shape->page_bytes;
    uintptr_t offset = (uintptr_t)value - (uintptr_t)data;
    if (offset > file_bytes || size > file_bytes - offset) return false;
    /* Only a value with pages of its own begins right behind a page header: leaves have node
     * offsets there. */
    if (offset % shape->page_bytes != PAGE_HEADER) return true;
    const unsigned char *page = (const unsigned char *)value - PAGE_HEADER;
    uint64_t number = offset / shape->page_bytes, run = mos_load_u32(page + 12);
    uint64_t least = (PAGE_HEADER + (uint64_t)size + shape->page_bytes - 1) / shape->page_bytes;
    if (mos_load_u64(page) != number || mos_load_u16(page + 10) != P_OVERFLOW) return false;
    return exact ? run == least : run >= least && run <= shape->pages - number;
}
