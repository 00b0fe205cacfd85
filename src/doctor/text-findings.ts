/** Texts that are something else: numbers with a unit, dates, and one category spelt in several ways. */
import type { Finding } from '../check/finding.js';
import type { CategoryColumn } from './column-sample.js';
import type { Say } from './table-question.js';

/** Share of the values that must be of a kind. */
const NEARLY_ALL = 0.9;
/** Values from which whole numbers are an amount, and numbers with fractions. */
const WHOLE_VALUES = 50;
const FRACTION_VALUES = 10;
const DATE_VALUES = 3;

/** A currency, digits with separators, a unit; a code such as 00123 is none. */
const NUMBER = /^[€$£¥]?\s*([+-]?(?!0\d)\d[\d',_ ]*(?:[.,]\d+)?(?:e[+-]?\d+)?)\s*([a-zµ°%€$£¥/²³]{0,8})$/i;
const DATE = /^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[T ].*)?$/;

/** What the texts of a feature are; empty where they are categories. */
export function textFindings({ name, values }: CategoryColumn, say: Say): Finding[] {
  const column = JSON.stringify(name);
  const dates = values.filter((value) => DATE.test(value.trim())).length;
  if (dates >= DATE_VALUES && dates >= NEARLY_ALL * values.length) {
    return [
      say(
        'dates_as_text',
        'warning',
        `column ${column} is text with ${values.length} values, such as ${JSON.stringify(values[0])}: dates`,
        'each date is a category of its own, unlike any other, and a new date is none of them',
        'Make it a DATE or TIMESTAMP in the table (--query can cast it): its year, month, weekday and so on are then read.',
        { column: name, values: values.length },
      ),
    ];
  }
  const parsed = values.flatMap((value) => {
    const match = NUMBER.exec(value.trim());
    return match === null ? [] : [{ isWhole: /^[+-]?\d+$/.test(match[1]), unit: match[2] }];
  });
  const least = parsed.some(({ isWhole }) => !isWhole) ? FRACTION_VALUES : WHOLE_VALUES;
  if (parsed.length >= least && parsed.length >= NEARLY_ALL * values.length) {
    const units = [...new Set(parsed.map(({ unit }) => unit))].filter((unit) => unit !== '');
    return [
      say(
        'numbers_as_text',
        'warning',
        `column ${column} is text with ${values.length} values, ${parsed.length} of them numbers, such as ${JSON.stringify(values[0])}`,
        'each number is a category of its own: that 3 lies between 2 and 4 is lost',
        `Make the column numeric in the table${units.length === 0 ? '' : `, without ${units.slice(0, 3).join(', ')}`}.`,
        { column: name, values: values.length, numbers: parsed.length },
      ),
    ];
  }
  return [];
}

/** Categories that are one but for case, spaces around them, and how a letter is composed. */
export function spellingFindings({ name, values }: CategoryColumn, say: Say): Finding[] {
  const spellings = new Map<string, string[]>();
  for (const value of values) {
    const plain = value.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
    spellings.set(plain, [...(spellings.get(plain) ?? []), value]);
  }
  const several = [...spellings.values()].filter((group) => group.length > 1);
  if (several.length === 0) return [];
  return [
    say(
      'spelling_variants',
      'warning',
      `${several.length} categories of ${JSON.stringify(name)} are spelt in several ways, such as ${several[0].map((v) => JSON.stringify(v)).join(' and ')}`,
      'what is written differently is another category, with fewer rows to learn it from',
      'Write each in one way, without spaces around it.',
      { column: name, groups: several.length },
    ),
  ];
}
