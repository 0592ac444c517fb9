#include "report/report_terms.h"

#include "report/svg_chart.h"

#include <string.h>

static const struct term {
    const char *name, *text;
} terms[] = {
    {"head", "the classifier trained together with the encoder, on the labelled patches"},
    {"linear probe", "a logistic regression on the frozen features: what the encoder alone knows"},
    {"k-NN probe", "labels by vote of the nearest training features: no classifier is trained"},
    {"intra", "contrast of two views of a patch within each modality (NT-Xent); lower is closer"},
    {"inter", "contrast of a patch's modalities with each other (NT-Xent); lower is closer"},
    {"msc", "supervised contrast: patches that share labels attract each other"},
    {"msc floor", "the least that msc can be with the labels of these batches"},
    {"bce", "binary cross entropy of the head on the known labels"},
    {"F1", "harmonic mean of precision and recall at a threshold, 0 to 1; higher is better"},
    {"AP",
     "average precision: the area below precision over recall, without a threshold; higher is "
     "better"},
    {"macro", "the mean over the classes that have positives and negatives: a rare class counts as "
              "much as a frequent one"},
    {"micro", "over all labels together: frequent classes count most"},
    {"ROC-AUC", "how often a patch with the class scores above one without it; chance 0.5"},
    {"Hamming loss", "the share of labels that are wrong; lower is better"},
    {"chance", "what a model that knows nothing scores: AP is the share of positives, F1 that of "
               "always saying yes"},
    {"interval", "where the score would lie in 95 of 100 other draws of patches"},
    {"lift", "how many times more often than without the first class; 1 is no confusion"},
    {"score correlation", "whether the two scores rise and fall together over patches, −1 to 1"},
    {"embedding cosine", "how near the two classes' mean features lie, −1 to 1"},
    {"silhouette",
     "how much nearer a patch is to its own group than to the next, −1 to 1; higher is "
     "better"},
    {"Davies–Bouldin", "width of groups against the distance between them; lower is better"},
    {"label agreement", "shared labels of a patch and its ten nearest, 0 to 1; higher is better"},
    {"uniformity",
     "how evenly features spread over the sphere: log of the mean pair potential; lower "
     "is more even, 0 is one point"},
    {"alignment",
     "mean squared distance of two unit vectors that belong together; lower is closer, 2 "
     "is unrelated"},
    {"RankMe",
     "how many directions the embedding really uses, by the entropy of its singular values; "
     "1 is collapsed"},
    {"spread", "standard deviation times root of the width; 1 fills the sphere, 0 is one point"},
    {"mean cosine", "of pairs of different patches; 1 means all look the same"},
    {"expected calibration error", "mean gap between predicted and found share; lower is better"},
    {"Brier score", "mean squared error of the probabilities; lower is better"},
    {"t-SNE", "a flat map that keeps near points near; far distances mean little"},
    {"trustworthiness",
     "share of a point's map neighbours that are neighbours in the embedding; 1 is "
     "best"},
    {"divergence", "what the map could not keep, in nats; lower is better"},
    {"p", "how often a difference as large would come from no difference"},
    {"p, Holm", "p made stricter for the number of comparisons in the table (Holm's step-down)"},
    {"p of seeds, Holm",
     "the same from the spread over seeds (Student's paired test): would other trainings agree?"},
    {"effect", "mean difference over seeds in units of its standard deviation; 1 is large"},
    {"verdict", "differs is said only when patches and seeds agree, both p below 0.05"},
    {"seeds ahead", "seeds in which the setting beats the reference"},
    {"±", "standard deviation over seeds"},
};

const char *mos_report_term(const char *name) {
    for (size_t k = 0; k < sizeof terms / sizeof *terms; k++)
        if (strcmp(terms[k].name, name) == 0) return terms[k].text;
    return NULL;
}

void mos_report_terms(const char *const *names, mos_text *out) {
    mos_text_add(out, "<dl class=\"terms\">");
    for (; *names; names++) {
        const char *text = mos_report_term(*names);
        if (!text) continue;
        mos_text_add(out, "<div><dt>");
        mos_html_add(out, *names);
        mos_text_add(out, "</dt><dd>");
        mos_html_add(out, text);
        mos_text_add(out, "</dd></div>");
    }
    mos_text_add(out, "</dl>");
}
