/* A line of MOS_ENCODER_LIST that only this test has. */
#define MOS_ENCODER_MORE(ROW) ROW(STEM, stem, "stem")
