/* Measured choices of convolution algorithms; `mosaic bench conv --write-table` replaces the lines
 * of the processor and thread count it runs on. No include guard: a list, taken in by conv_table.c.
 */
/* clang-format off */
CHOICE("AuthenticAMD-25-17", 2, 1, 64, 30, 30, 64, 3, 1, FORWARD, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 64, 30, 30, 64, 3, 1, BACKWARD_DATA, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 64, 30, 30, 64, 3, 1, BACKWARD_WEIGHTS, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 128, 15, 15, 128, 3, 1, FORWARD, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 128, 15, 15, 128, 3, 1, BACKWARD_DATA, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 128, 15, 15, 128, 3, 1, BACKWARD_WEIGHTS, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 256, 8, 8, 256, 3, 1, FORWARD, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 256, 8, 8, 256, 3, 1, BACKWARD_DATA, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 256, 8, 8, 256, 3, 1, BACKWARD_WEIGHTS, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 512, 4, 4, 512, 3, 1, FORWARD, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 512, 4, 4, 512, 3, 1, BACKWARD_DATA, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 1, 512, 4, 4, 512, 3, 1, BACKWARD_WEIGHTS, F2X2)
CHOICE("AuthenticAMD-25-17", 2, 0, 64, 30, 30, 64, 3, 1, FORWARD, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 64, 30, 30, 64, 3, 1, BACKWARD_DATA, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 64, 30, 30, 64, 3, 1, BACKWARD_WEIGHTS, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 128, 15, 15, 128, 3, 1, FORWARD, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 128, 15, 15, 128, 3, 1, BACKWARD_DATA, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 128, 15, 15, 128, 3, 1, BACKWARD_WEIGHTS, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 256, 8, 8, 256, 3, 1, FORWARD, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 256, 8, 8, 256, 3, 1, BACKWARD_DATA, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 256, 8, 8, 256, 3, 1, BACKWARD_WEIGHTS, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 512, 4, 4, 512, 3, 1, FORWARD, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 512, 4, 4, 512, 3, 1, BACKWARD_DATA, F4X4)
CHOICE("AuthenticAMD-25-17", 2, 0, 512, 4, 4, 512, 3, 1, BACKWARD_WEIGHTS, F4X4)
/* clang-format on */
