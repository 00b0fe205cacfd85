/** What `paragrad inspect` says of a model or a run directory: network, preprocessing, score. */
import type { Preprocessing } from '../data/preprocess.js';
import type { Member, Model } from '../train/model.js';
import { formatMetrics, formatNumber, formatTable, networkWords, plural } from './format.js';

/** Class and category values listed in text, at most; --json has all. */
const LISTED_VALUES = 8;

/** A model as the one line of --json. What is known of its only member is known of the model. */
export function modelEvent({ path, description, weightsSha256 }: Model): object {
  const [first, ...others] = description.members;
  return { type: 'done', kind: 'model', path, weightsSha256, ...description, ...(others.length === 0 && first) };
}

/** A model as text for people. */
export function modelText({ path, description, weightsSha256, members }: Model): string {
  const { task, loss } = description;
  const [{ preprocessing }] = description.members;
  const { target } = preprocessing;
  const facts = [
    ['model', path],
    ['weights', weightsSha256],
    [
      'target',
      `"${target.name}" (${task}), loss ${typeof loss === 'string' ? loss : loss.file}${quantileText(description)}${rangeText(target)}`,
    ],
    ...(target.task === 'regression' ? [] : [['classes', listValues(target.classes)]]),
    ['arithmetic', description.arithmetic],
    ['written by', `paragrad ${description.paragradVersion}`],
  ];
  const networks = members.map((member, i) => {
    const title = members.length === 1 ? '' : `member ${i + 1} of ${members.length}\n`;
    return `${title}${formatTable(memberFacts(member))}`;
  });
  const about = members.length === 1 ? '' : 'columns of member 1\n';
  return [formatTable(facts), ...networks, `${about}${formatTable(inputRows(preprocessing))}`].join('\n\n');
}

function memberFacts({ description, tensors }: Member): string[][] {
  const { network, rows, seed, steps, temperature, validation } = description;
  const parameters = tensors.reduce((sum, tensor) => sum + tensor.data.length, 0);
  return [
    ['network', `${networkWords(network)}, ${plural(parameters, 'parameter')}`],
    ['trained', `${plural(rows.train, 'row')}, ${plural(steps, 'step')}, seed ${seed}`],
    ...(temperature === 1 ? [] : [['temperature', formatNumber(temperature)]]),
    ['validation', validation === null ? 'none' : `${plural(rows.validation, 'row')}: ${formatMetrics(validation)}`],
  ];
}

function quantileText({ lossConstants: { quantile } }: Model['description']): string {
  return quantile === undefined ? '' : ` of ${quantile.join(', ')}`;
}

function rangeText(target: Preprocessing['target']): string {
  if (target.task !== 'regression' || target.range === undefined) return '';
  return `, predictions kept within ${formatNumber(target.range.min)} and ${formatNumber(target.range.max)}`;
}

/** The columns that the network reads, and what becomes of each. */
function inputRows({ numbers, categories, weightColumn }: Preprocessing): string[][] {
  return [
    ['column', 'becomes'],
    ...numbers.map((number) => {
      const parts = [
        scalingText(number),
        ...(number.bins ? [plural(number.bins.means.length, 'bin')] : []),
        ...(number.values ? [`${number.values.length} values with vectors`] : []),
        ...(number.flagged ? ['and a flag where it is missing'] : []),
      ];
      return [number.name, parts.join(', ')];
    }),
    ...categories.map((category) => [category.name, categoryText(category)]),
    ...(weightColumn === null ? [] : [[weightColumn, 'weight of the row in training']]),
  ];
}

function categoryText({ values, buckets, encoding }: Preprocessing['categories'][number]): string {
  if (encoding === 'sign') return `-1: ${values[0]}, 1: ${values[1]}`;
  const what =
    buckets === undefined ? `one of ${values.length}: ${listValues(values)}` : `one of ${buckets} buckets, by its hash`;
  return encoding === 'embedding' ? `${what}, embedded` : what;
}

function scalingText({ part, centre, shift, scale, clip }: Preprocessing['numbers'][number]): string {
  const value = part ?? 'x';
  if (scale === 0) return 'constant, 0';
  const mean = centre + shift;
  const centred = mean === 0 ? value : `(${value} ${mean < 0 ? '+' : '-'} ${formatNumber(Math.abs(mean))})`;
  const scaled = scale === 1 ? centred : `${centred} / ${formatNumber(scale)}`;
  return clip === undefined ? scaled : `${scaled}, bent to stay within -${clip} and ${clip}`;
}

function listValues(values: readonly unknown[]): string {
  const listed = values.slice(0, LISTED_VALUES).map(String).join(', ');
  return values.length > LISTED_VALUES ? `${listed} and ${values.length - LISTED_VALUES} more` : listed;
}
