/*
 * What the parts of the addon share about updates of parameters: the rules of src/kernels/kernels.ts, every operation
 * rounded once and none fused.
 */
#ifndef PARAGRAD_UPDATE_H
#define PARAGRAD_UPDATE_H

#include <stddef.h>

/* What every rule starts from: g' = clip * (g / divisor + l2 * p), with a term left out where l2 is 0 or clip is 1. */
typedef struct {
  /* Each [count], a multiple of 4; a rule without such a slot leaves m or v alone. */
  float *p;
  const float *g;
  float *m, *v;
  ptrdiff_t count;
  float divisor, l2, clip;
} Update;

typedef struct {
  float rate, weight_decay;
} Sgd;

typedef struct {
  /* Factor of p. */
  float decay;
  float rate, momentum;
  int nesterov;
} Momentum;

typedef struct {
  /* Factor of p. */
  float decay;
  /* m = keep1 m + take1 g'; v = keep2 v + take2 g'^2. */
  float keep1, take1, keep2, take2;
  float step, inverse_root, epsilon;
} Adam;

/* The velocity of Momentum is in v. */
typedef struct {
  void (*sgd)(Update, Sgd);
  void (*momentum)(Update, Momentum);
  void (*adam)(Update, Adam);
} Updates;

#endif
