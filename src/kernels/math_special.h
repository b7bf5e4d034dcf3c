/* Special functions of float64, one number after the other, through the C library. */
#ifndef TIDE_KERNELS_MATH_SPECIAL_H
#define TIDE_KERNELS_MATH_SPECIAL_H

#include <math.h>

static inline double tide__lgamma(double x) {
  int sign;                                         /* (lgamma itself would write a global) */
  return lgamma_r(x, &sign);
}

/* Rational approximations, then two steps of Newton's method. */
static inline double tide__erfinv(double y) {
  double m = fabs(y), x;
  if (!(m <= 1)) return NAN;
  if (m == 1) return copysign(INFINITY, y);
  if (m <= 0.7) {
    double z = y * y;
    x = y * (((-0.140543331 * z + 0.914624893) * z - 1.645349621) * z + 0.886226899)
          / ((((0.012229801 * z - 0.329097515) * z + 1.442710462) * z - 2.118377725) * z + 1);
  }
  else {
    double z = sqrt(-log((1 - m) / 2));
    x = copysign(((1.641345311 * z + 3.429567803) * z - 1.624906493) * z - 1.970840454, y) / ((1.637067800 * z + 3.543889200) * z + 1);
  }
  for (int i = 0; i < 2; i++) x -= (erf(x) - y) / (M_2_SQRTPI * exp(-x * x));
  return x;
}

/* Upwards to 10 by the recurrence, there the asymptotic series; below 0 by reflection. */
static inline double tide__digamma(double x) {
  static const double series[] = {8.33333333333333333333E-2, -2.10927960927960927961E-2, 7.57575757575757575758E-3, -4.16666666666666666667E-3,
                                  3.96825396825396825397E-3, -8.33333333333333333333E-3, 8.33333333333333333333E-2};
  double sum = 0, y = 0;
  if (x == 0) return copysign(INFINITY, -x);
  if (x < 0) {
    if (x == trunc(x)) return NAN;
    sum = -M_PI / tan(M_PI * (x - trunc(x)));
    x = 1 - x;
  }
  for (; x < 10; x += 1) sum -= 1 / x;
  if (x < 1e17) {
    double z = 1 / (x * x);
    for (int i = 0; i < 7; i++) y = y * z + series[i];
    y *= z;
  }
  return sum + log(x) - 0.5 / x - y;
}

/* The sum of (q + k)^-s over k = 0, 1, ..., s > 1, q > 0: nine terms, then Euler and Maclaurin (Cephes). */
static inline double tide__zeta(double s, double q) {
  static const double coefficient[] = {12.0, -720.0, 30240.0, -1209600.0, 47900160.0, -1.8924375803183791606e9, 7.47242496e10, -2.950130727918164224e12,
                                       1.1646782814350067249e14, -4.5979787224074726105e15, 1.8152105401943546773e17, -7.1661652561756670113e18};
  double sum = pow(q, -s), b = 0, a = 1, k = 0;
  if (isinf(q)) return 0;
  for (int i = 0; i < 9 || q <= 9; i++) {
    q += 1;
    b = pow(q, -s);
    sum += b;
    if (b < 1e-17 * sum) return sum;
  }
  sum += b * q / (s - 1) - 0.5 * b;
  for (int i = 0; i < 12; i++) {
    a *= s + k;
    b /= q;
    double t = a * b / coefficient[i];
    sum += t;
    if (fabs(t) < 1e-17 * fabs(sum)) break;
    k += 1;
    a *= s + k;
    b /= q;
    k += 1;
  }
  return sum;
}

/* The n-th derivative of digamma. Below 0 the terms of the sum are those of two sums over positive numbers. */
static inline double tide__polygamma(double x, double n) {
  double s = n + 1, sum;
  if (n == 0) return tide__digamma(x);
  if (x != x || x == -INFINITY) return NAN;
  if (x <= 0 && x == floor(x)) sum = INFINITY;
  else if (x > 0) sum = tide__zeta(s, x);
  else {
    double f = x - floor(x), odd = fmod(s, 2) != 0 ? -1 : 1;
    sum = tide__zeta(s, f) + odd * (tide__zeta(s, 1 - f) - tide__zeta(s, 1 - x));
  }
  return (fmod(n, 2) != 0 ? 1 : -1) * tgamma(s) * sum;
}

#endif
