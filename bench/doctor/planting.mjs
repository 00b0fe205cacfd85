/** What faults are planted with: subjects have `columns` of plain values, a `target`, and the `options` of a run. */

export const isRegression = ({ columns, target }) => typeof columns[target][0] === 'number';
export const numbers = ({ columns, target }) =>
  Object.keys(columns).filter((name) => name !== target && typeof columns[name][0] === 'number');
export const map = (values, f) => values.map((value, i) => f(value, i));

/** A batched mean of squares whose parts can be spoiled. */
export const squares = ({ loss = '/ p.length', gradient = '2 * (v - y[i]) / p.length', more = '' }) => `
export const batch = true;
export const loss = (p, y) => p.reduce((s, v, i) => s + (v - y[i]) ** 2, 0) ${loss};
export const gradient = (p, y) => p.map((v, i) => ${gradient});
${more}`;
export const withLoss = (parts) => (subject) => {
  subject.options.loss = { ...subject.options.loss, ...parts };
};
export const setRate =
  (factor) =>
  ({ options }) => {
    options.learningRate = factor * (options.learningRate ?? 1e-3);
  };
export const addColumn = (name, make) => (subject) => {
  const { columns, target } = subject;
  const { [target]: y, ...rest } = columns;
  subject.columns = { ...rest, [name]: make(subject), [target]: y };
};
export const changeNumbers = (f) => (subject) => {
  const [name] = numbers(subject);
  subject.columns[name] = map(subject.columns[name], f);
};
export const withOptions = (more) => (subject) => void Object.assign(subject.options, more);

/** Standard deviation. */
export const spread = (values) => {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
};
/** A number below 1 that looks random, the same each time. */
export const noise = (i) => {
  const x = Math.sin(i * 12.9898 + 4.1414) * 43758.5453;
  return x - Math.floor(x);
};
