/*
 * The rules of update for one width of vectors; a part of width.h.
 */
/* Division takes as long as all the rest of a rule. By a power of two, multiplying with the inverse gives the same bits. */
INLINE int LANE(has_exact_inverse)(float divisor) {
  union {
    float number;
    unsigned bits;
  } x = {divisor};
  return (x.bits & 0x7fffff) == 0;
}

/* g' of LANES elements. */
INLINE Floats LANE(finalized)(const Update *u, int multiplies, float inverse) {
  const Floats g = LOAD(u->g);
  Floats x = multiplies ? g * SPLAT(inverse) : g / SPLAT(u->divisor);
  if (u->l2 != 0) x = x + SPLAT(u->l2) * LOAD(u->p);
  if (u->clip != 1) x = x * SPLAT(u->clip);
  return x;
}

#define EACH_VECTOR                                                     \
  const int multiplies = LANE(has_exact_inverse)(u.divisor);          \
  const float inverse = 1 / u.divisor;                                  \
  for (; u.count >= LANES; u.count -= LANES, u.p += LANES, u.g += LANES)

/* p = p - rate (g' + weight_decay p) */
FUNCTION void LANE(sgd)(Update u, Sgd s) {
  EACH_VECTOR {
    const Floats p = LOAD(u.p);
    Floats x = LANE(finalized)(&u, multiplies, inverse);
    if (s.weight_decay != 0) x = x + SPLAT(s.weight_decay) * p;
    STORE(u.p, p - SPLAT(s.rate) * x);
  }
#ifdef REST
  if (u.count > 0) REST(sgd)(u, s);
#endif
}

/* v = momentum v + g'; p = decay p - rate (nesterov ? g' + momentum v : v) */
FUNCTION void LANE(momentum)(Update u, Momentum s) {
  EACH_VECTOR {
    const Floats x = LANE(finalized)(&u, multiplies, inverse);
    const Floats velocity = SPLAT(s.momentum) * LOAD(u.v) + x;
    Floats direction = velocity;
    if (s.nesterov) direction = x + SPLAT(s.momentum) * velocity;
    STORE(u.v, velocity);
    STORE(u.p, SPLAT(s.decay) * LOAD(u.p) - SPLAT(s.rate) * direction);
    u.v += LANES;
  }
#ifdef REST
  if (u.count > 0) REST(momentum)(u, s);
#endif
}

/* p = decay p - step m / (sqrt(v) inverse_root + epsilon), after m and v have moved towards g' and its square */
FUNCTION void LANE(adam)(Update u, Adam s) {
  EACH_VECTOR {
    const Floats x = LANE(finalized)(&u, multiplies, inverse);
    const Floats mean = SPLAT(s.keep1) * LOAD(u.m) + SPLAT(s.take1) * x;
    const Floats square = SPLAT(s.keep2) * LOAD(u.v) + SPLAT(s.take2) * (x * x);
    const Floats denominator = SQRT(square) * SPLAT(s.inverse_root) + SPLAT(s.epsilon);
    STORE(u.m, mean);
    STORE(u.v, square);
    STORE(u.p, SPLAT(s.decay) * LOAD(u.p) - SPLAT(s.step) * mean / denominator);
    u.m += LANES;
    u.v += LANES;
  }
#ifdef REST
  if (u.count > 0) REST(adam)(u, s);
#endif
}

#undef EACH_VECTOR
