/* Measured choices of convolution algorithms; `mosaic bench conv --write-table` replaces the lines
 * of the processor and thread count it runs on. No include guard: a list, taken in by conv_table.c.
 */
/* clang-format off */
/* clang-format on */
