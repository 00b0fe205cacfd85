/** The framing of a Parquet file, checked before DuckDB sees it, whose own messages say less plainly what is wrong. */
import { type FileHandle, open } from 'node:fs/promises';
import { ParagradError } from '../../errors.js';
import type { TableFile } from '../table.js';

const MAGIC = 'PAR1';
/** The magic of a file whose footer is encrypted. */
const ENCRYPTED_MAGIC = 'PARE';
/** Leading magic, length of the footer, trailing magic. */
const SMALLEST = 12;
/**
 * Checks for magic at both ends, and a footer that fits between them.
 *
 * @throws ParagradError `wrong_format`, `truncated` or `unsupported_file`
 */
export async function checkFraming({ path, name }: TableFile): Promise<void> {
  const file = await open(path);
  try {
    await checkMagic(file, name);
  } finally {
    await file.close();
  }
}

async function checkMagic(file: FileHandle, name: string): Promise<void> {
  const { size } = await file.stat();
  const head = Buffer.alloc(4);
  await file.read(head, 0, 4, 0);
  const magic = head.toString('latin1');
  if (magic === ENCRYPTED_MAGIC) {
    throw new ParagradError('unsupported_file', `${name} is an encrypted Parquet file`, {
      hint: 'Write it unencrypted.',
    });
  }
  if (magic !== MAGIC) {
    throw new ParagradError('wrong_format', `${name} is not a Parquet file`, {
      hint: `A Parquet file begins with ${MAGIC}.`,
    });
  }
  const tail = Buffer.alloc(8);
  await file.read(tail, 0, 8, Math.max(0, size - 8));
  if (size < SMALLEST || tail.toString('latin1', 4) !== MAGIC || tail.readUInt32LE(0) > size - SMALLEST) {
    throw new ParagradError('truncated', `${name} is truncated: the end of the Parquet file is missing`, {
      hint: 'Copy or write it again.',
    });
  }
}
