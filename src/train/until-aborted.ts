/**
 * Waits for work that cannot be cancelled itself, but no longer than until the signal aborts. The work's own outcome is then
 * nobody's concern any more (its threads are about to be ended).
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, error: () => Error): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined);
    throw error();
  }
  let onAbort: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(error());
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined);
  }
}
