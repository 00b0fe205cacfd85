/**
 * Glob patterns, for shells that leave them alone and callers without a shell: `*` and `?` within a name, `[a-z]`, `{a,b}`,
 * and `**` for any folders. Names that begin with a dot are matched only by a pattern that begins with one.
 */
import { type Dirent, promises as fs } from 'node:fs';
import { join } from 'node:path';

/** Whether a path is a pattern at all. */
export function isGlob(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** A pattern's folder without wildcards, and the rest of it. */
export function splitGlob(pattern: string): { readonly base: string; readonly rest: string } {
  const parts = pattern.split('/');
  const wild = parts.findIndex(isGlob);
  const base = parts.slice(0, wild).join('/');
  return { base: base === '' ? (pattern.startsWith('/') ? '/' : '.') : base, rest: parts.slice(wild).join('/') };
}

/**
 * The files that match, sorted by code units; empty where there is none.
 *
 * @returns paths that begin as the pattern does
 */
export async function expandGlob(pattern: string): Promise<string[]> {
  const found = new Set<string>();
  for (const each of alternatives(pattern)) {
    if (!isGlob(each)) {
      if (
        await fs.stat(each).then(
          (stats) => stats.isFile(),
          () => false,
        )
      )
        found.add(each);
      continue;
    }
    const { base, rest } = splitGlob(each);
    await match(base === '.' && !each.startsWith('./') ? '' : base, rest.split('/'), found);
  }
  return [...found].sort();
}

async function match(folder: string, parts: readonly string[], found: Set<string>): Promise<void> {
  const [part, ...rest] = parts;
  for (const entry of await entries(folder)) {
    const path = join(folder, entry.name);
    const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(path)));
    if (part === '**') {
      if (isFolder && !entry.name.startsWith('.')) await match(path, parts, found);
      if (rest.length > 0 && nameMatches(rest[0], entry.name)) await take(path, isFolder, rest.slice(1), found);
      else if (rest.length === 0 && !isFolder) found.add(path);
    } else if (nameMatches(part, entry.name)) {
      await take(path, isFolder, rest, found);
    }
  }
}

/** An entry whose name fits: a file where nothing is left of the pattern, else a folder to go on in. */
async function take(path: string, isFolder: boolean, rest: readonly string[], found: Set<string>): Promise<void> {
  if (rest.length === 0 && !isFolder) found.add(path);
  if (rest.length > 0 && isFolder) await match(path, rest, found);
}

async function entries(folder: string): Promise<Dirent[]> {
  return await fs.readdir(folder === '' ? '.' : folder, { withFileTypes: true }).catch(() => []);
}

async function leadsToFolder(path: string): Promise<boolean> {
  return await fs.stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function nameMatches(part: string, name: string): boolean {
  if (name.startsWith('.') && !part.startsWith('.')) return false;
  return pattern(part).test(name);
}

function pattern(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[*?]|[^*?[]+|\[/g, (piece) => {
    if (piece === '*') return '.*';
    if (piece === '?') return '.';
    if (/^\[.+\]$/s.test(piece)) return piece.replace(/^\[!/, '[^').replace(/\\/g, '\\\\');
    return piece.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 'su');
}

/** A pattern with braces as patterns without. */
function alternatives(text: string): string[] {
  const found = /\{([^{}]*)\}/.exec(text);
  if (found === null) return [text];
  const [braces, inside] = found;
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + braces.length);
  return inside.split(',').flatMap((each) => alternatives(`${before}${each}${after}`));
}
