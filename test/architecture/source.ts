/**
 * What the architecture rules need to know of a TypeScript file, read from its syntax tree: which modules it names and
 * how, and where it uses inexact arithmetic. Parsed by the parser that comes with vitest; nothing is type-checked.
 */
import { parseAst } from 'vitest/node';

export interface ModuleReference {
  /** As written, e.g. `../errors.js` or `apache-arrow`. */
  readonly specifier: string;
  /** `types`: erased by the compiler; `static`: loaded with the file; `dynamic`: loaded when an `import()` or a `require` runs. */
  readonly load: 'types' | 'static' | 'dynamic';
  /** `export … from`. */
  readonly reexports: boolean;
}

export interface SourceFacts {
  readonly references: readonly ModuleReference[];
  /** Uses of arithmetic whose last bit may differ between engines, e.g. `Math.exp` or `**`. */
  readonly inexact: readonly string[];
}

/** Members of Math whose value is exact by specification. biome.json lists the same for the linter. */
const EXACT_MATH = new Set(
  `abs ceil clz32 floor fround imul max min round sign sqrt trunc
   E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2`.split(/\s+/),
);

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/** Calls `enter` for every node, parents first. */
function walk(node: Node, enter: (node: Node, parent: Node | null) => void, parent: Node | null = null): void {
  enter(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, enter, node);
  }
}

const literal = (value: unknown): string | null =>
  isNode(value) && value.type === 'Literal' && typeof value.value === 'string' ? value.value : null;

/** `require('…')`, which is never at the top of a module here: it would be an import. */
function isRequire(node: Node): boolean {
  return node.type === 'CallExpression' && isNode(node.callee) && node.callee.name === 'require';
}

function moduleReference(node: Node): ModuleReference | null {
  const specifier = literal(isRequire(node) ? (node.arguments as unknown[])[0] : node.source);
  if (specifier === null) return null;
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier, load: node.importKind === 'type' ? 'types' : 'static', reexports: false };
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return { specifier, load: node.exportKind === 'type' ? 'types' : 'static', reexports: true };
    case 'ImportExpression':
      return { specifier, load: 'dynamic', reexports: false };
    case 'CallExpression':
      return { specifier, load: 'dynamic', reexports: false };
    case 'TSImportType':
      return { specifier, load: 'types', reexports: false };
    default:
      return null;
  }
}

/** `Math` may appear only as the object of an exact member: no destructuring, no alias, no computed name. */
function inexactUse(node: Node, parent: Node | null): string | null {
  if (node.type === 'BinaryExpression' && node.operator === '**') return '**';
  if (node.type === 'AssignmentExpression' && node.operator === '**=') return '**=';
  if (node.type !== 'Identifier' || node.name !== 'Math') return null;
  if (parent?.type !== 'MemberExpression') return 'Math';
  const property = parent.object === node && !parent.computed ? (parent.property as Node).name : null;
  if (typeof property !== 'string') return 'Math';
  return EXACT_MATH.has(property) ? null : `Math.${property}`;
}

/** Reads one TypeScript file. Throws where it does not parse. */
export function readSource(text: string): SourceFacts {
  const references: ModuleReference[] = [];
  const inexact: string[] = [];
  walk(parseAst(text, { lang: 'ts' }) as unknown as Node, (node, parent) => {
    const reference = moduleReference(node);
    if (reference) references.push(reference);
    const use = inexactUse(node, parent);
    if (use) inexact.push(use);
  });
  return { references, inexact };
}

/** Inexact uses in AssemblyScript, which is no TypeScript to a parser: by pattern, with comments taken out. */
export function inexactInAssembly(text: string): readonly string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  return [...code.matchAll(/\b(?:Native)?Mathf?\b(?:\.\w+)?|\*\*=?/g)].map(([use]) => use);
}
