/** Which columns of the table are what. */
import { z } from 'zod';
import { option } from '../options.js';
import { TASKS } from '../task.js';
import { choice } from './fields.js';

const task = choice(TASKS, 'Columns');
const columnName = z.string().min(1);

const column = { group: 'Columns', argument: 'COL', expected: 'a column name' } as const;
const columns = { ...column, expected: 'a list of column names', repeatable: true } as const;

export const columnOptions = {
  target: option(columnName, 'the column to predict', column),
  features: option(z.array(columnName).optional(), 'columns to predict from (default: all but the target)', columns),
  exclude: option(z.array(columnName).optional(), 'columns to leave out', columns),
  weightColumn: option(columnName.optional(), 'the column that holds the weight of each row (not a feature)', column),
  task: option(task.schema.optional(), 'what the target is (default: told from its values)', task.hint),
};
