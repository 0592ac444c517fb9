/* modeling.py of a Hugging Face folder: the network in plain PyTorch. */
#ifndef MOS_DEPLOY_HUGGINGFACE_PROGRAM_H
#define MOS_DEPLOY_HUGGINGFACE_PROGRAM_H

extern const char mos_huggingface_program[];

#endif
