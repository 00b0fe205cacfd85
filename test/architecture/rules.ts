/**
 * Repository policy as functions: each rule takes the repository as data and returns one line for every violation.
 * test/architecture.test.ts runs them on this repository, and on planted violations.
 */
import { posix } from 'node:path';
import { inexactInAssembly, type ModuleReference, readSource, type SourceFacts } from './source.js';

/** Path relative to the root -> text; null for what is not text. Only what is in version control. */
export type Tree = ReadonlyMap<string, string | null>;
export type Rule = (tree: Tree) => readonly string[];

/** Imports run from a later group to an earlier one, or stay inside a folder. Folders of one group are strangers. */
const LAYERS: readonly (readonly string[])[] = [
  ['errors'],
  ['memory'],
  ['random'],
  ['kernels'],
  ['nn', 'data'],
  ['parallel'],
  ['check'],
  ['train', 'plot'],
  ['doctor', 'scale'],
  ['commands'],
  ['cli', 'index'],
];

/** Folders whose results reach the weights. */
const EXACT_FOLDERS = ['memory', 'random', 'kernels', 'nn', 'data', 'parallel'];
/** The float64 oracle of kernel tests and gradient checks: nothing trains with it. */
const EXACT_EXEMPT = /^src\/kernels\/references?(-by-name|-learned|-losses|-updates|-values)?\.ts$/;
/** The package that must not load into a worker thread, and the folders that may name it. */
const COORDINATOR_ONLY = { package: '@duckdb/node-api', folders: ['data', 'train', 'commands'] };

const ASSEMBLY = 'src/kernels/assembly/';
const MOST_LINES = 400;
const MOST_WORKER_LINES = 60;

// ---- the import graph

interface Import extends ModuleReference {
  readonly from: string;
  /** Path of the file that a relative specifier names; null for a package. */
  readonly to: string | null;
}

const isModule = (path: string) => /^(src|workers|test)\/.*\.ts$/.test(path) && !path.startsWith(ASSEMBLY);

function readModules(tree: Tree): ReadonlyMap<string, SourceFacts> {
  const modules = new Map<string, SourceFacts>();
  for (const [path, text] of tree) if (isModule(path)) modules.set(path, readSource(text ?? ''));
  return modules;
}

function readImports(tree: Tree): readonly Import[] {
  return [...readModules(tree)].flatMap(([from, { references }]) =>
    references.map((reference) => {
      const relative = reference.specifier.startsWith('.');
      const target = posix.join(posix.dirname(from), reference.specifier).replace(/\.js$/, '.ts');
      return { ...reference, from, to: relative ? target : null };
    }),
  );
}

/** `nn` of src/nn/network.ts, `cli` of src/cli.ts, null outside src/. */
const layerOf = (path: string): string | null => /^src\/([^/.]+)/.exec(path)?.[1] ?? null;
const rankOf = (layer: string): number => LAYERS.findIndex((group) => group.includes(layer));

// ---- rules

/** src/ imports downward and from src/ only; a folder of src/ without a place in the order is a violation too. */
export const importsRunDownward: Rule = (tree) => {
  const misplaced = [...tree.keys()]
    .filter((path) => rankOf(layerOf(path) ?? 'errors') < 0)
    .map((path) => `${path} has no place in the import order`);
  const upward = readImports(tree).flatMap(({ from, to }) => {
    const source = layerOf(from);
    const target = to === null ? source : layerOf(to);
    if (source === null || source === target) return [];
    return target !== null && rankOf(target) < rankOf(source) ? [] : [`${from} imports ${to}`];
  });
  return [...misplaced, ...upward];
};

export const nothingImportsWorkers: Rule = (tree) =>
  readImports(tree)
    .filter(({ to }) => to?.startsWith('workers/'))
    .map(({ from, to }) => `${from} imports ${to}`);

/** At least one way round is reported for every knot of files that import each other, for types too. */
export const noImportCycles: Rule = (tree) => {
  const next = new Map<string, string[]>();
  for (const { from, to } of readImports(tree)) if (to !== null) next.set(from, [...(next.get(from) ?? []), to]);
  const violations: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) violations.push([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || done.has(path)) return;
    for (const to of next.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return violations;
};

export const onlyIndexReexports: Rule = (tree) =>
  readImports(tree)
    .filter(({ from, reexports }) => reexports && from !== 'src/index.ts')
    .map(({ from, specifier }) => `${from} re-exports ${specifier}`);

/**
 * DuckDB aborts the process when its thread ends under it: only folders of the coordinator may load it, and from a thread
 * entry no chain of static imports leads to it. (They may hold an `import()` that workers never run.)
 */
export const duckdbStaysInTheCoordinator: Rule = (tree) => {
  const imports = readImports(tree);
  const violations = imports
    .filter(({ specifier, load }) => specifier === COORDINATOR_ONLY.package && load !== 'types')
    .filter(({ from }) => !from.startsWith('test/') && !COORDINATOR_ONLY.folders.includes(layerOf(from) ?? ''))
    .map(({ from, specifier }) => `${from} imports ${specifier}`);

  const reached = new Set([...tree.keys()].filter((path) => path.startsWith('workers/')));
  for (const path of reached) {
    for (const { from, to, specifier, load } of imports) {
      if (from !== path || load !== 'static') continue;
      if (to !== null) reached.add(to);
      else if (specifier === COORDINATOR_ONLY.package) violations.push(`workers load ${specifier} through ${from}`);
    }
  }
  return violations;
};

export const bitsAreExact: Rule = (tree) => {
  const exact = (path: string) => EXACT_FOLDERS.includes(layerOf(path) ?? '') && !EXACT_EXEMPT.test(path);
  const modules = [...readModules(tree)].filter(([path]) => exact(path));
  const assembly = [...tree].filter(([path]) => path.startsWith(ASSEMBLY) && path.endsWith('.ts'));
  return [
    ...modules.flatMap(([path, { inexact }]) => inexact.map((use) => `${path} uses ${use}`)),
    ...assembly.flatMap(([path, text]) => inexactInAssembly(text ?? '').map((use) => `${path} uses ${use}`)),
  ];
};

/** One concern a file: code beyond this length has more. Worker entries only receive, loop and answer. */
export const filesAreShort: Rule = (tree) =>
  [...tree].flatMap(([path, text]) => {
    if (text === null || !/^(src|workers|test|bench|data|lint)\/.*\.(ts|mjs|js|c|h)$/.test(path)) return [];
    const lines = text.split('\n').length - 1;
    const most = path.startsWith('workers/') ? MOST_WORKER_LINES - 1 : MOST_LINES;
    return lines <= most ? [] : [`${path} has ${lines} lines; at most ${most}`];
  });

interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function dependencies(tree: Tree): readonly (readonly [string, string])[] {
  const file = JSON.parse(tree.get('package.json') ?? '{}') as PackageFile;
  return [...Object.entries(file.dependencies ?? {}), ...Object.entries(file.devDependencies ?? {})];
}

export const dependenciesArePinned: Rule = (tree) =>
  dependencies(tree)
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} is not pinned: "${version}"`);

/** Each dependency has its page: docs/decisions/<name without scope mark, slashes as dashes>.md. */
export const dependenciesAreExplained: Rule = (tree) =>
  dependencies(tree)
    .map(([name]) => `docs/decisions/${name.replace('@', '').replace('/', '-')}.md`)
    .filter((page) => !tree.has(page))
    .map((page) => `${page} is missing`);

/** Written with character classes, so that this file does not hold what it looks for. */
const MACHINE = [
  /(?<![\w.])\/(?:wor[k]|far[m]|roo[t]|hom[e]\/\w+|User[s])\//,
  /\.\.\/share[d]\//,
  /registr[y]\.(?:npm|yarn)/,
];

/** package-lock.json included: .npmrc keeps the addresses of the registry out of it. */
export const noMachinePaths: Rule = (tree) =>
  [...tree].flatMap(([path, text]) =>
    MACHINE.flatMap((pattern) => {
      const found = text === null ? null : pattern.exec(text);
      return found ? [`${path} names ${found[0]}`] : [];
    }),
  );

/** Tables belong in data/ and test/, pictures in docs/; what a build or a run makes belongs nowhere in version control. */
export const noGeneratedFiles: Rule = (tree) =>
  [...tree].flatMap(([path, text]) => {
    const generated = /^(dist|node_modules|runs)\/|\.(wasm|node|o|so|js\.map|tsbuildinfo)$/;
    if (generated.test(path)) return [`${path} is generated`];
    return text === null && !/^(data|test|docs)\//.test(path) ? [`${path} is binary`] : [];
  });
