/*
 * Any product as panels: blocks of rows around panels of columns around blocks of k, and the choice of what to copy.
 *
 * Copying moves values and changes none, so neither it nor the order of blocks shows in the bits: an element is one chain
 * over each block of k, added in order. A panel of B is copied when it must be transposed, or when its rows are so far
 * apart that they share a few sets of the cache; else the processor's prefetching is better than a copy (measured). The
 * same holds for the columns of a transposed A.
 */
#include "product.h"

/* Rows of C that are worked through before the next panel of B: A's share stays in the second-level cache. */
enum { MC = 256 };
/* Distance of two rows, in float32, from which on copying pays: a page. */
enum { FAR_APART = 1024 };
/* Up to so many rows or columns of C, an operand is read too few times to be copied. */
enum { FEW = 16 };
/* Packed A: groups of four columns, [KC, 4] each, moved by a cache line so that they do not share sets either. */
enum { PACKED_QUAD = 4 * KC + 16 };
/* The workspace: a panel of B, then A. */
enum { PACKED_B = KC * MOST_WIDTH, PACKED_A = MC / 4 * PACKED_QUAD };

_Static_assert((PACKED_B + PACKED_A) * sizeof(float) <= WORKSPACE_BYTES, "the workspace is too small");

typedef float Quad __attribute__((vector_size(16), aligned(4), may_alias));

static ptrdiff_t least(ptrdiff_t x, ptrdiff_t y) { return x < y ? x : y; }

/* The part of an epilogue that the block of k from `start` does: later blocks add, only the last one finishes. */
static int block_epilogue(int epilogue, ptrdiff_t start, int last) {
  const int finishing = last ? epilogue & ~ACCUMULATE : 0;
  return finishing | (start > 0 ? ACCUMULATE : epilogue & ACCUMULATE);
}

/* A[k, m], to be used transposed; 16 columns (a cache line) at a time. */
static Left pack_left(ptrdiff_t m, ptrdiff_t k, const float *a, ptrdiff_t step, float *to) {
  for (ptrdiff_t i = 0; i < m; i += 16) {
    const ptrdiff_t end = least(i + 16, m);
    for (ptrdiff_t s = 0; s < k; s++) {
      for (ptrdiff_t j = i; j < end; j += 4) {
        *(Quad *)(to + j / 4 * PACKED_QUAD + 4 * s) = *(const Quad *)(a + s * step + j);
      }
    }
  }
  return (Left){to, PACKED_QUAD, 1, 4};
}

/* Columns [column, column + width) of B in the block of k from `start`, copied where that pays. */
static Right right_panel(const Product *p, const Panel *panel, ptrdiff_t column, ptrdiff_t start, ptrdiff_t k) {
  const Right packed = {p->workspace, panel->width};
  if (p->b_transposed) {
    panel->pack_transposed(k, (Right){p->b + column * p->b_row + start, p->b_row}, p->workspace);
    return packed;
  }
  const Right b = {p->b + start * p->b_row + column, p->b_row};
  if (p->b_row < FAR_APART || p->m <= FEW) return b;
  panel->pack(k, b, p->workspace);
  return packed;
}

void multiply(const Panel *panels, const Product *p) {
  const int pack_a = p->a_step >= FAR_APART && p->n > FEW && p->k <= KC;
  for (ptrdiff_t i = 0; i < p->m; i += MC) {
    const ptrdiff_t m = least(MC, p->m - i);
    Left a = {p->a + i * p->a_row, 4 * p->a_row, p->a_row, p->a_step};
    if (pack_a) a = pack_left(m, p->k, a.at, p->a_step, p->workspace + PACKED_B);
    const Panel *panel = panels;
    for (ptrdiff_t j = 0; j < p->n; j += panel->width) {
      while (panel->width > p->n - j) panel++;
      const ptrdiff_t at = i * p->c_row + j;
      Result to = {p->c + at, p->bias + j, p->mask + at, p->c_row, 0};
      for (ptrdiff_t start = 0; start == 0 || start < p->k; start += KC) {
        const ptrdiff_t k = least(KC, p->k - start);
        const Left block = {a.at + start * a.step, a.quad, a.row, a.step};
        to.epilogue = block_epilogue(p->epilogue, start, start + k == p->k);
        panel->multiply(m, k, block, right_panel(p, panel, j, start, k), to);
      }
    }
  }
}
