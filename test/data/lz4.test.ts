/** LZ4 frames put together here, sequence by sequence, from what the format says; and damaged ones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLz4Frame } from '../../src/data/formats/lz4.js';

/** Literals, and then `length` bytes repeated from `distance` bytes ago (both reduced to what is possible). */
interface Sequence {
  readonly literals: Uint8Array;
  readonly distance: number;
  readonly length: number;
}

/** A length of 4 bits, and what goes on in bytes of 255. */
function lengthBytes(length: number): { nibble: number; more: number[] } {
  if (length < 15) return { nibble: length, more: [] };
  const rest = length - 15;
  return { nibble: 15, more: [...new Array(Math.floor(rest / 255)).fill(255), rest % 255] };
}

/** A block, and appends to `out` what it stands for. */
function block(sequences: readonly Sequence[], last: Uint8Array, out: number[]): number[] {
  const bytes: number[] = [];
  const add = (literals: Uint8Array, match?: { distance: number; length: number }) => {
    const head = lengthBytes(literals.length);
    const tail = match === undefined ? { nibble: 0, more: [] } : lengthBytes(match.length - 4);
    bytes.push((head.nibble << 4) | tail.nibble, ...head.more, ...literals);
    out.push(...literals);
    if (match === undefined) return;
    bytes.push(match.distance & 255, match.distance >> 8, ...tail.more);
    for (let i = 0; i < match.length; i++) out.push(out[out.length - match.distance]);
  };
  for (const { literals, distance, length } of sequences) {
    if (out.length + literals.length === 0) continue;
    add(literals, { distance: 1 + (distance % Math.min(65_535, out.length + literals.length)), length });
  }
  add(last);
  return bytes;
}

const word = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];

interface FrameOptions {
  readonly checksums: boolean;
  readonly size: boolean;
}

function frame(blocks: readonly { bytes: readonly number[]; stored: boolean }[], size: number, options: FrameOptions) {
  const flags = 0x40 | (options.checksums ? 0x14 : 0) | (options.size ? 0x08 : 0);
  const bytes = [0x04, 0x22, 0x4d, 0x18, flags, 0x70, ...(options.size ? [...word(size), 0, 0, 0, 0] : []), 0xaa];
  for (const { bytes: content, stored } of blocks) {
    bytes.push(...word(content.length + (stored ? 0x8000_0000 : 0)), ...content);
    if (options.checksums) bytes.push(1, 2, 3, 4);
  }
  bytes.push(0, 0, 0, 0, ...(options.checksums ? [5, 6, 7, 8] : []));
  return Uint8Array.from(bytes);
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const sequence = fc.record({
  literals: fc.oneof(bytes(20), bytes(700)),
  distance: fc.nat(),
  length: fc.oneof(fc.integer({ min: 4, max: 30 }), fc.integer({ min: 4, max: 900 })),
});
const blocks = fc.array(
  fc.oneof(
    fc.record({ sequences: fc.array(sequence, { maxLength: 8 }), last: bytes(40) }),
    fc.record({ stored: fc.uint8Array({ minLength: 1, maxLength: 60 }) }),
  ),
  { minLength: 1, maxLength: 4 },
);
const options = fc.record({ checksums: fc.boolean(), size: fc.boolean() });

function build(parts: typeof blocks extends fc.Arbitrary<infer T> ? T : never, settings: FrameOptions) {
  const out: number[] = [];
  const encoded = parts.map((part) => {
    if (!('stored' in part)) return { bytes: block(part.sequences, part.last, out), stored: false };
    out.push(...part.stored);
    return { bytes: [...part.stored], stored: true };
  });
  return { frame: frame(encoded, out.length, settings), content: Uint8Array.from(out) };
}

describe('an LZ4 frame', () => {
  it('is decoded: literals, matches that overlap themselves or reach into earlier blocks, stored blocks', () => {
    fc.assert(
      fc.property(blocks, options, (parts, settings) => {
        const { frame, content } = build(parts, settings);
        expect(decodeLz4Frame(frame, content.length)).toEqual(content);
      }),
      { numRuns: 300 },
    );
  });

  it('that is damaged, cut off or of another length is refused, or decoded to as many bytes', () => {
    fc.assert(
      fc.property(blocks, options, fc.nat(), fc.nat(255), fc.boolean(), (parts, settings, at, value, cut) => {
        const { frame, content } = build(parts, settings);
        const place = at % frame.length;
        const damaged = cut ? frame.subarray(0, place) : frame.with(place, value);
        let decoded: Uint8Array | null = null;
        try {
          decoded = decodeLz4Frame(damaged, content.length);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
        if (decoded !== null) expect(decoded).toHaveLength(content.length);
        expect(() => decodeLz4Frame(frame, content.length + 1)).toThrow();
      }),
      { numRuns: 300 },
    );
  });
});
