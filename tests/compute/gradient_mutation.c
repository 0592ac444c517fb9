/* Flips the sign of one backward term of the reference backend after the other and expects the
 * gradient cases to notice. */
#include "compute/ref/ref_backend.h"
#include "gradient_cases.h"
#include "op_support.h"

#include <stdio.h>

/* Name of the first case that is not right, or NULL. */
static const char *first_red(mos_device *device) {
    for (int i = 0; i < gradient_case_count; i++)
        if (gradient_cases[i].run(device, &gradient_cases[i]).verdict == GRAD_WRONG)
            return gradient_cases[i].name;
    return NULL;
}

int main(void) {
    mos_device *device = support_open(&mos_backend_ref, MOS_PRECISION_FP64, 1);
    int failures = 0;
    const char *red = first_red(device);
    if (red != NULL) {
        printf("unchanged: '%s' is red\n", red);
        failures++;
    }
    for (mos_ref_mutant = 1; mos_ref_mutant <= MOS_REF_MUTANTS; mos_ref_mutant++) {
        red = first_red(device);
        printf("mutant %2d: %s\n", mos_ref_mutant, red != NULL ? red : "SURVIVED");
        if (red == NULL) failures++;
    }
    support_close(&device);
    printf("%d mutants, %d failures\n", MOS_REF_MUTANTS, failures);
    return failures == 0 ? 0 : 1;
}
