/**
 * The parts of apache-arrow that reading needs, module by module, and by `require`: to import them takes Node twice as long (53
 * against 25 ms), and every worker that decodes does it too.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const { DateUnit, Precision, TimeUnit } = require('apache-arrow/enum') as typeof import('apache-arrow/enum');
export const { CompressionType } =
  require('apache-arrow/fb/compression-type') as typeof import('apache-arrow/fb/compression-type');
export const { Footer } = require('apache-arrow/ipc/metadata/file') as typeof import('apache-arrow/ipc/metadata/file');
export const { Message } =
  require('apache-arrow/ipc/metadata/message') as typeof import('apache-arrow/ipc/metadata/message');
export const { DataType } = require('apache-arrow/type') as typeof import('apache-arrow/type');
export const { Vector } = require('apache-arrow/vector') as typeof import('apache-arrow/vector');
export const { VectorLoader } =
  require('apache-arrow/visitor/vectorloader') as typeof import('apache-arrow/visitor/vectorloader');
