/*
 * All that works lane by lane, for one width of vectors; a template, included once for each, with these macros:
 *
 *   LANE(name)     the name with a suffix of its own
 *   TARGET         attribute that lets a function use the instruction set
 *   LANES          4, 8 or 16
 *   Floats, Ints, Words   vectors of LANES float32, int32, uint32
 *   SPLAT(x)       x in every lane
 *   SPLAT_QUAD(p)  the four floats at p, as often as they fit
 *   SQRT(x), NEAREST(x)   the square root of every lane, the nearest whole number (of two, the even one)
 *   REST(name)     the function for the last elements, fewer than LANES; not defined where LANES is 4
 *
 * It undefines all of them but TARGET.
 */
#define LOAD(p) (*(const Floats *)(p))
#define STORE(p, x) (*(Floats *)(p) = (x))
#define FUNCTION TARGET static
#define INLINE TARGET static inline __attribute__((always_inline))
/* a < b ? x : y */
#define WHERE_LESS(a, b, x, y) LANE(select)((a) < (b), x, y)

INLINE Floats LANE(select)(Ints mask, Floats x, Floats y) { return (Floats)(((Ints)x & mask) | ((Ints)y & ~mask)); }

#include "rules.h"

#include "lanes.h"

#include "activations.h"

#include "waves.h"

#undef LOAD
#undef STORE
#undef FUNCTION
#undef INLINE
#undef WHERE_LESS
#undef LANE
#undef LANES
#undef Floats
#undef Ints
#undef Words
#undef SPLAT
#undef SPLAT_QUAD
#undef SQRT
#undef NEAREST
#undef REST
