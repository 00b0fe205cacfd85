/**
 * The LZ4 frame format, decoding only (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and
 * lz4_Block_format.md), as Arrow compresses buffers: one frame, whose length is known beforehand.
 *
 * Not here: legacy frames, dictionaries, and the checking of checksums, which are passed over.
 */
const MAGIC = 0x184d_2204;
/** Of a block's size: the block is stored as it is. */
const STORED = 0x8000_0000;
/** The header without what is optional: magic, flags, block size, checksum of the header. */
const HEADER = 7;
const SHORTEST_MATCH = 4;
/** A run longer than this is copied by the engine, a shorter one byte by byte. */
const SHORT_RUN = 32;

/**
 * Decodes a frame.
 *
 * @param size bytes that it holds
 * @throws Error where the bytes are no such frame
 */
export function decodeLz4Frame(frame: Uint8Array, size: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const flags = frame[4];
  if (view.getUint32(0, true) !== MAGIC || flags >>> 6 !== 1 || (flags & 1) !== 0) throw new Error('no LZ4 frame');
  const blockChecksum = (flags & 0x10) !== 0 ? 4 : 0;
  const contentSize = (flags & 0x08) !== 0 ? 8 : 0;
  const out = new Uint8Array(size);
  let at = HEADER + contentSize;
  let filled = 0;
  for (;;) {
    const word = view.getUint32(at, true);
    if (word === 0) break;
    at += 4;
    const length = word & ~STORED;
    const block = frame.subarray(at, at + length);
    if (block.length < length) throw damaged();
    if (word >= STORED) {
      out.set(block, filled);
      filled += length;
    } else {
      filled = decodeBlock(block, out, filled);
    }
    at += length + blockChecksum;
  }
  if (filled !== size) throw damaged();
  return out;
}

/**
 * A block is a run of sequences: a token (two lengths of 4 bits), literals, and a match, which repeats what came out
 * `offset` bytes before. The last sequence has no match.
 *
 * @param filled where the block's output begins
 * @returns where it ends
 */
function decodeBlock(block: Uint8Array, out: Uint8Array, filled: number): number {
  let from = 0;
  let to = filled;
  while (from < block.length) {
    const token = block[from++];
    let literals = token >>> 4;
    if (literals === 15) {
      for (let more = 255; more === 255; literals += more) more = block[from++];
    }
    if (!(from + literals <= block.length && to + literals <= out.length)) throw damaged();
    if (literals > SHORT_RUN) {
      out.set(block.subarray(from, from + literals), to);
      from += literals;
      to += literals;
    } else {
      for (let i = 0; i < literals; i++) out[to++] = block[from++];
    }
    if (from === block.length) return to;

    const offset = block[from] | (block[from + 1] << 8);
    from += 2;
    let match = token & 15;
    if (match === 15) {
      for (let more = 255; more === 255; match += more) more = block[from++];
    }
    match += SHORTEST_MATCH;
    if (!(offset > 0 && offset <= to && to + match <= out.length)) throw damaged();
    if (match > SHORT_RUN && offset >= match) {
      out.copyWithin(to, to - offset, to - offset + match);
      to += match;
    } else {
      // What is repeated may still be being written.
      for (let i = 0; i < match; i++, to++) out[to] = out[to - offset];
    }
  }
  return to;
}

function damaged(): Error {
  return new Error('an LZ4 frame is damaged');
}
