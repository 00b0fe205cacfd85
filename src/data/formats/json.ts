/**
 * JSON: an object a line, or one array of objects. Every row is looked at before the columns are decided: a key may appear
 * late. A key that a row lacks is missing there.
 */
import { quoteLiteral } from '../duckdb.js';
import type { Table, TableFile, TableSource } from '../table.js';
import { openConverted } from './convert.js';
import type { OpenOptions } from './format.js';
import { explained, pathList, plainFiles } from './text.js';

/** Bytes of one object, at most. */
const LARGEST_OBJECT = 1 << 28;

/** @throws ParagradError `unreadable`, `truncated`, `disk_full` */
export async function openJson(source: TableSource, options: OpenOptions): Promise<Table> {
  return await openConverted(source, 'JSON', options, async (conversion) => {
    const { duckdb, signal, write } = conversion;
    const paths = await plainFiles(source.files, conversion);
    const common = `hive_partitioning = false, maximum_object_size = ${LARGEST_OBJECT}`;
    const all = `read_json(${pathList(paths)}, union_by_name = true, sample_size = -1, ${common})`;
    const described = await duckdb.rows(`DESCRIBE SELECT * FROM ${all}`, signal).catch((error: unknown) => {
      throw explained(error, source.location);
    });
    const columns = described.map(([name, type]) => `${quoteLiteral(String(name))}: ${quoteLiteral(String(type))}`);
    const converted: TableFile[] = [];
    for (const [i, file] of source.files.entries()) {
      const text = `read_json(${quoteLiteral(paths[i])}, columns = {${columns.join(', ')}}, ${common})`;
      try {
        converted.push(await write(`SELECT * FROM ${text}`, file.name));
      } catch (error) {
        throw explained(error, file.name);
      }
    }
    return converted;
  });
}
