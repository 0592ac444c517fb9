#include "data/utm.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
static const double axis_m = 6378137.0, flattening = 1 / 298.257223563, scale = 0.9996;
enum { ORDER = 4 };

/* Rectifying radius and the two series in the third flattening n (Karney 2011, equations 14, 35,
 * 36, to n^4). */
static double rectifying_radius(double n) {
    return axis_m / (1 + n) * (1 + n * n / 4 + n * n * n * n / 64);
}

static void alpha_series(double n, double out[ORDER]) {
    double n2 = n * n, n3 = n2 * n, n4 = n2 * n2;
    out[0] = n / 2 - 2 * n2 / 3 + 5 * n3 / 16 + 41 * n4 / 180;
    out[1] = 13 * n2 / 48 - 3 * n3 / 5 + 557 * n4 / 1440;
    out[2] = 61 * n3 / 240 - 103 * n4 / 140;
    out[3] = 49561 * n4 / 161280;
}

static void beta_series(double n, double out[ORDER]) {
    double n2 = n * n, n3 = n2 * n, n4 = n2 * n2;
    out[0] = n / 2 - 2 * n2 / 3 + 37 * n3 / 96 - n4 / 360;
    out[1] = n2 / 48 + n3 / 15 - 437 * n4 / 1440;
    out[2] = 17 * n3 / 480 - 37 * n4 / 840;
    out[3] = 4397 * n4 / 161280;
}

bool mos_utm_is_zone(int epsg) {
    return (epsg >= 32601 && epsg <= 32660) || (epsg >= 32701 && epsg <= 32760);
}

int mos_utm_zone(double latitude, double longitude) {
    int zone = (int)floor((longitude * 180 / PI + 180) / 6) + 1;
    zone = zone < 1 ? 1 : zone > 60 ? 60 : zone;
    return (latitude < 0 ? 32700 : 32600) + zone;
}

static double central_meridian(int epsg) {
    return (epsg % 100 * 6 - 183) * PI / 180;
}

void mos_utm_forward(int epsg, double latitude, double longitude, double *east_m, double *north_m) {
    double n = flattening / (2 - flattening), e = sqrt(flattening * (2 - flattening));
    double alpha[ORDER], away = longitude - central_meridian(epsg);
    alpha_series(n, alpha);
    double tau = tan(latitude);
    double sigma = sinh(e * atanh(e * tau / sqrt(1 + tau * tau)));
    double conformal = tau * sqrt(1 + sigma * sigma) - sigma * sqrt(1 + tau * tau);
    double xi0 = atan2(conformal, cos(away));
    double eta0 = asinh(sin(away) / sqrt(conformal * conformal + cos(away) * cos(away)));
    double xi = xi0, eta = eta0;
    for (int j = 1; j <= ORDER; j++) {
        xi += alpha[j - 1] * sin(2 * j * xi0) * cosh(2 * j * eta0);
        eta += alpha[j - 1] * cos(2 * j * xi0) * sinh(2 * j * eta0);
    }
    double radius = scale * rectifying_radius(n);
    *east_m = 500000 + radius * eta;
    *north_m = (epsg >= 32700 ? 10000000 : 0) + radius * xi;
}

/* Geographic from conformal latitude, both as tangents, by Newton's method (Karney 2011, 19..21).
 */
static double geographic_tangent(double conformal) {
    double e2 = flattening * (2 - flattening), e = sqrt(e2), tau = conformal / (1 - e2);
    for (int i = 0; i < 5; i++) {
        double root = sqrt(1 + tau * tau), sigma = sinh(e * atanh(e * tau / root));
        double found = tau * sqrt(1 + sigma * sigma) - sigma * root;
        tau += (conformal - found) / sqrt(1 + found * found) * (1 + (1 - e2) * tau * tau) /
               ((1 - e2) * root);
    }
    return tau;
}

void mos_utm_inverse(int epsg, double east_m, double north_m, double *latitude, double *longitude) {
    double n = flattening / (2 - flattening), beta[ORDER];
    beta_series(n, beta);
    double radius = scale * rectifying_radius(n);
    double xi0 = (north_m - (epsg >= 32700 ? 10000000 : 0)) / radius;
    double eta0 = (east_m - 500000) / radius, xi = xi0, eta = eta0;
    for (int j = 1; j <= ORDER; j++) {
        xi -= beta[j - 1] * sin(2 * j * xi0) * cosh(2 * j * eta0);
        eta -= beta[j - 1] * cos(2 * j * xi0) * sinh(2 * j * eta0);
    }
    double hyperbolic = sinh(eta);
    *latitude =
        atan(geographic_tangent(sin(xi) / sqrt(hyperbolic * hyperbolic + cos(xi) * cos(xi))));
    *longitude = central_meridian(epsg) + atan2(hyperbolic, cos(xi));
}

bool mos_utm_square(const char *mgrs, int *epsg, double *west_m, double *north_m) {
    static const char bands[] = "CDEFGHJKLMNPQRSTUVWX", rows[] = "ABCDEFGHJKLMNPQRSTUV";
    static const char *const columns[3] = {"STUVWXYZ", "ABCDEFGH", "JKLMNPQR"};
    if (strlen(mgrs) != 5 || mgrs[0] < '0' || mgrs[0] > '9' || mgrs[1] < '0' || mgrs[1] > '9')
        return false;
    int zone = (mgrs[0] - '0') * 10 + mgrs[1] - '0';
    if (zone < 1 || zone > 60) return false;
    const char *band = strchr(bands, mgrs[2]), *row = strchr(rows, mgrs[4]);
    const char *column = strchr(columns[zone % 3], mgrs[3]);
    if (band == NULL || row == NULL || column == NULL) return false;
    /* The row letters come round every 2,000 km: the band says which round it is. */
    bool south = band - bands < 10;
    double middle_m = ((double)(band - bands - 10) * 8 + 4) * 110900 + (south ? 10000000 : 0);
    double base_m = 100000.0 * (double)((row - rows + (zone % 2 == 0 ? 15 : 0)) % 20);
    base_m += 2000000.0 * floor((middle_m - base_m) / 2000000 + 0.5);
    *epsg = (south ? 32700 : 32600) + zone;
    *west_m = 100000.0 * (double)(column - columns[zone % 3] + 1);
    *north_m = base_m + 100000;
    return true;
}
