// A document of an issuer that is cached and read again: in the background before it is old, and at once when a reader needs a newer one. If the issuer does not
// respond, the cached document stays in use for a while, and readers without one fail at once instead of waiting for each attempt.

/** Refreshed in the background from this age on; from the second age on readers wait for the refresh. */
const REFRESH_AFTER_MS = 4 * 60_000;
const MAX_AGE_MS = 5 * 60_000;
/** How long a document is used while the issuer does not respond. */
const STALE_LIMIT_MS = 3_600_000;
/** The pause after a failed attempt, and the least time between two refreshes that `readNewer` asks for. */
const RETRY_PAUSE_MS = 5000;
const COOLDOWN_MS = 10_000;

/** The document cannot be read now. `retryAfter`: in seconds. */
export class DocumentUnavailable extends Error {
  readonly retryAfter = RETRY_PAUSE_MS / 1000;
}

export interface RefreshedDocument<T> {
  /** Throws DocumentUnavailable. */
  read(): Promise<T>;
  /** A document that was read at most COOLDOWN_MS ago. Throws DocumentUnavailable if the last attempt failed. */
  readNewer(): Promise<T>;
  /** The cached document, without waiting. */
  readCached(): T | undefined;
}

/** `failed` gets the reason of each failed attempt. */
export function createRefreshedDocument<T>(
  load: () => Promise<T>,
  { now, failed }: { now: () => number; failed: (error: unknown) => void },
): RefreshedDocument<T> {
  let known: { value: T; at: number } | undefined;
  let failedAt: number | undefined;
  let pending: Promise<void> | undefined;
  /** Never rejects. Concurrent callers share one attempt. */
  const refresh = (): Promise<void> => {
    pending ??= load()
      .then(
        (value) => {
          known = { value, at: now() };
          failedAt = undefined;
        },
        (error: unknown) => {
          failedAt = now();
          failed(error);
        },
      )
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };
  const readAge = (): number => (known === undefined ? Number.POSITIVE_INFINITY : now() - known.at);
  const isPaused = (): boolean => failedAt !== undefined && now() - failedAt < RETRY_PAUSE_MS;
  const readUsable = (): T => {
    if (known === undefined || readAge() >= STALE_LIMIT_MS) throw new DocumentUnavailable();
    return known.value;
  };
  return {
    async read() {
      const age = readAge();
      if (age >= REFRESH_AFTER_MS && !isPaused()) {
        const done = refresh();
        if (age >= MAX_AGE_MS) await done;
      }
      return readUsable();
    },
    async readNewer() {
      if (pending !== undefined || (failedAt === undefined ? readAge() >= COOLDOWN_MS : !isPaused())) await refresh();
      if (failedAt !== undefined) throw new DocumentUnavailable();
      return readUsable();
    },
    readCached: () => known?.value,
  };
}
