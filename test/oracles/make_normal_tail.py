"""Coefficients of the normal distribution's lower tail, for src/kernels/assembly/gated.ts. (pip install mpmath)

  Phi(-a) = e^(-a^2/2) t P(t),  t = 1 / (1 + 0.3 a),  0 <= a <= 14.5 (below the smallest float32 beyond that)

P is the polynomial of degree 9 that agrees with the true function in the Chebyshev nodes of t. Prints the coefficients from
the constant term up, and the largest relative error, in units of 2^-24.
"""
from mpmath import cos, erfc, exp, lu_solve, matrix, mp, mpf, nstr, pi, sqrt

mp.dps = 40
SCALE, DEGREE, LAST = mpf("0.3"), 9, mpf("14.5")
FIRST_T = 1 / (1 + SCALE * LAST)


def p(t):
    a = (1 / t - 1) / SCALE
    return erfc(a / sqrt(2)) * exp(a * a / 2) / 2 / t


def between(x):
    """[-1, 1] -> the range of t"""
    return (1 + FIRST_T) / 2 + (1 - FIRST_T) / 2 * x


count = DEGREE + 1
nodes = [between(cos(pi * (k + mpf(1) / 2) / count)) for k in range(count)]
powers = matrix(count, count)
for i, t in enumerate(nodes):
    for j in range(count):
        powers[i, j] = t**j
coefficients = lu_solve(powers, matrix([p(t) for t in nodes]))
for c in coefficients:
    print(nstr(c, 10))
grid = [between(2 * mpf(k) / 2000 - 1) for k in range(2001)]
print("largest error", nstr(max(abs(sum(coefficients[j] * t**j for j in range(count)) / p(t) - 1) for t in grid) * 2**24, 3))
