/* Loops that a C programmer would write by hand for some rules of the model: the yardstick of `swadaya bench`.

   Village by village, as the compiled lane goes: columns are arrays over all rows, village v owns [start[v], start[v+1]).
   OWN set: exp and log as in sim/engine/functions.py, in plain arithmetic, so that loops vectorise and bits agree.
   Not set: those of the C library. Compiled without contraction and without reassociation, like the lane. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LEAST(a, b) ((b) < (a) ? (b) : (a))
#define MOST(a, b) ((b) > (a) ? (b) : (a))
typedef int64_t whole;

static inline double as_float(whole bits) { double x; memcpy(&x, &bits, 8); return x; }
static inline whole as_bits(double x) { whole bits; memcpy(&bits, &x, 8); return bits; }

#ifdef OWN
static const double ROUNDER = 6755399441055744.0;
static inline double nearest(double x) { return (x + ROUNDER) - ROUNDER; }
static inline double two_to(double k) { return as_float((whole)((uint64_t)as_bits(k + 6755399441056767.0) << 52)); }

static inline double e_to(double x) {
    x = x < -746.0 ? -746.0 : x;
    x = x > 710.0 ? 710.0 : x;
    double k = nearest(x * 1.44269504088896338700);
    double high = x - k * 6.93147180369123816490e-01, low = k * 1.90821492927058770002e-10;
    double r = high - low, t = r * r;
    double c = r - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05
        + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
    double result = 1.0 - ((low - r * c / (2.0 - c)) - high), half = nearest(0.5 * k);
    return (result * two_to(half)) * two_to(k - half);
}

static inline double ln(double x) {
    double positive = x > 0.0 ? x : 1.0;
    int tiny = positive < 2.2250738585072014e-308;
    whole bits = as_bits(tiny ? positive * 18014398509481984.0 : positive);
    double fraction = as_float((bits & 0x000FFFFFFFFFFFFFLL) | 0x3FE0000000000000LL);
    double exponent = as_float(((whole)((uint64_t)bits >> 52)) | 0x4330000000000000LL) - 4503599627371518.0;
    int below = fraction < 0.7071067811865476;
    double f = (below ? fraction + fraction : fraction) - 1.0;
    double k = (below ? exponent - 1.0 : exponent) - (tiny ? 54.0 : 0.0);
    double s = f / (2.0 + f), z = s * s, w = z * z;
    double odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01
        + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double square = 0.5 * f * f;
    double result = k * 6.93147180369123816490e-01
        - ((square - (s * (square + (odd + even)) + k * 1.90821492927058770002e-10)) - f);
    result = x < INFINITY ? result : x;
    return x > 0.0 ? result : (x == 0.0 ? -INFINITY : NAN);
}

static inline double grown(double x, double y) { double found = e_to(y * ln(x)); return y == 0.0 ? 1.0 : found; }

static inline void turn(double share, double *cosine_out, double *sine_out) {
    double quarter = nearest(4.0 * share), angle = 6.283185307179586 * (share - 0.25 * quarter), z = angle * angle;
    double sine = angle + angle * z * (-1.66666666666666324348e-01 + z * (8.33333333332248946124e-03
        + z * (-1.98412698298579493134e-04 + z * (2.75573137070700676789e-06
        + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
    double tail = z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * (2.48015872894767294178e-05
        + z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11)))));
    double square = 0.5 * z, rest = 1.0 - square, cosine = rest + (((1.0 - rest) - square) + z * tail);
    double half = 0.5 * quarter;
    int even = half == nearest(half);
    double x = even ? cosine : sine, y = even ? sine : cosine;
    *cosine_out = fabs(quarter - 1.5) < 1.0 ? -x : x;
    *sine_out = fabs(quarter - 2.5) < 1.0 ? -y : y;
}
#else
static inline double e_to(double x) { return exp(x); }
static inline double ln(double x) { return log(x); }
static inline double grown(double x, double y) { return pow(x, y); }
static inline void turn(double share, double *c, double *s) {
    *c = cos(6.283185307179586 * share);
    *s = sin(6.283185307179586 * share);
}
#endif

/* Plain arithmetic: distress_sale. */
void distress_sale(whole villages, const whole *start, double *restrict out, const double *restrict capital,
                   const double *restrict depreciation, const double *restrict income, const double *restrict borrowed,
                   const double *restrict buffer, double subsistence, double share, double discount) {
    for (whole v = 0; v < villages; v++)
        for (whole i = start[v]; i < start[v + 1]; i++) {
            double gap = subsistence - income[i] - borrowed[i] - buffer[i], left = capital[i] - depreciation[i];
            double sold = share * gap / (1.0 - discount), least = LEAST(left, sold);
            out[i] = MOST(0.0, least);
        }
}

/* exp, log: output. Parameters: scale, elasticity, lumpy_scale, lumpy_cost, works_gain, complementarity. */
void output(whole villages, const whole *start, double *restrict out, const double *restrict ability,
            const double *restrict capital, const double *restrict benefit, const double *restrict luck,
            const double *restrict wage, const double *restrict time_cost, const double *restrict skill,
            const double *restrict weather, const double *restrict shock, const double *restrict p) {
    for (whole v = 0; v < villages; v++) {
        double sky = weather[v], blow = shock[v];
        for (whole i = start[v]; i < start[v + 1]; i++) {
            double g = grown(capital[i], p[1]), small = p[0] * g, lumpy = p[2] * skill[i] * g - p[3];
            double technique = MOST(small, lumpy);
            double help = 1.0 + p[4] * benefit[i] * (1.0 + p[5] * (skill[i] - 1.0));
            double made = (wage[i] + e_to(ability[i]) * technique) * help * e_to(luck[i] + sky + blow);
            double left = made - time_cost[i];
            out[i] = MOST(0.0, left);
        }
    }
}

/* A normal draw: luck. Philox4x32-10 and Box-Muller, keyed as in sim/engine/draw.py. */
static inline void philox(uint32_t c[4], uint32_t k0, uint32_t k1) {
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t x = (uint32_t)(b >> 32) ^ c[1] ^ k0, y = (uint32_t)(a >> 32) ^ c[3] ^ k1;
        c[1] = (uint32_t)b, c[3] = (uint32_t)a, c[0] = x, c[2] = y;
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
}

void luck(whole villages, const whole *start, double *restrict out, double *restrict drawn, const whole *places,
          whole seed, whole key, whole quarter, double persistence, double spread) {
    double noise = spread * sqrt(1.0 - persistence * persistence);
    for (whole v = 0; v < villages; v++) {
        double *row = drawn + start[v];
        whole n = start[v + 1] - start[v], blocks = n >> 2;
        uint32_t low = (uint32_t)places[v], high = (uint32_t)(places[v] >> 32);
        for (whole b = 0; b < blocks; b++) {
            uint32_t c[4] = {low, high, (uint32_t)b, (uint32_t)quarter};
            philox(c, (uint32_t)seed, (uint32_t)key);
            for (int word = 0; word < 4; word++) row[4 * b + word] = ((double)c[word] + 0.5) * 0x1p-32;
        }
        uint32_t last[4] = {low, high, (uint32_t)blocks, (uint32_t)quarter};
        philox(last, (uint32_t)seed, (uint32_t)key);
        for (whole i = 4 * blocks; i < n; i++) row[i] = ((double)last[i & 3] + 0.5) * 0x1p-32;
        double odd = ((double)last[n & 2 ? 3 : 1] + 0.5) * 0x1p-32, spare;
        for (whole i = 0; i < n >> 1; i++) {
            double radius = sqrt(-2.0 * ln(row[2 * i])), x, y;
            turn(row[2 * i + 1], &x, &y);
            row[2 * i] = radius * x, row[2 * i + 1] = radius * y;
        }
        if (n & 1) {
            double radius = sqrt(-2.0 * ln(row[n - 1])), x;
            turn(odd, &x, &spare);
            row[n - 1] = radius * x;
        }
        double *mine = out + start[v];
        for (whole i = 0; i < n; i++) {
            double moved = persistence * mine[i] + noise * row[i], above = MOST(-6.0, moved);
            mine[i] = LEAST(6.0, above);
        }
    }
}

/* A gather: the mean over the other ends of one's ties. */
void tie_mean(whole villages, const whole *start, const whole *tie_start, double *restrict out,
              double *restrict weighed, const double *restrict values, const double *restrict weight,
              const whole *first, const whole *second) {
    for (whole v = 0; v < villages; v++) {
        double *mine = out + start[v], *mass = weighed + start[v];
        const double *of = values + start[v];
        whole n = start[v + 1] - start[v];
        for (whole i = 0; i < n; i++) mine[i] = mass[i] = 0.0;
        for (whole t = tie_start[v]; t < tie_start[v + 1]; t++) {
            whole i = first[t], j = second[t];
            double w = weight[t];
            mine[i] += w * of[j], mine[j] += w * of[i], mass[i] += w, mass[j] += w;
        }
        for (whole i = 0; i < n; i++) mine[i] = mass[i] > 0.0 ? mine[i] / mass[i] : 0.0;
    }
}

/* A sort: rows by value, equal ones in row order, as the C library sorts. */
typedef struct { double value; whole row; } pair;
static int compared(const void *a, const void *b) {
    const pair *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

void sorted(whole villages, const whole *start, double *restrict out, const double *restrict values, pair *scratch) {
    for (whole v = 0; v < villages; v++) {
        whole n = start[v + 1] - start[v];
        for (whole i = 0; i < n; i++) scratch[i] = (pair){values[start[v] + i], i};
        qsort(scratch, (size_t)n, sizeof(pair), compared);
        for (whole i = 0; i < n; i++) out[start[v] + i] = (double)scratch[i].row;
    }
}

/* A sum in row order: its additions wait for one another. */
void weighted_sum(whole villages, const whole *start, double *restrict out, const double *restrict values,
                  const double *restrict weight) {
    for (whole v = 0; v < villages; v++) {
        double whole_sum = 0.0;
        for (whole i = start[v]; i < start[v + 1]; i++) whole_sum += values[i] * weight[i];
        out[v] = whole_sum;
    }
}
