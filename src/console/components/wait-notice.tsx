// Says that a busy server is waited for, for how long, and that the page then goes on by itself.
import { useEffect, useState } from 'preact/hooks';
import { listWaits, WAITS_CHANGED } from '../api/waits.ts';
import { useSecondsUntil } from './use-seconds.ts';

/** The live region is there before it has a text: screen readers do not announce one that is new. They are not told each second. */
export function WaitNotice() {
  const [waits, setWaits] = useState(listWaits);
  useEffect(() => {
    const update = (): void => setWaits(listWaits());
    window.addEventListener(WAITS_CHANGED, update);
    return () => window.removeEventListener(WAITS_CHANGED, update);
  }, []);
  const last = waits.sort((one, other) => one.until - other.until).at(-1);
  const seconds = useSecondsUntil(last?.until);
  return (
    <div class="wait-notice" role="status">
      {last && (
        <div class="notice warn">
          <div class="notice-body">
            <p class="notice-title">The server cannot answer yet: {last.reason}.</p>
            <p>
              The page asks again by itself<span aria-hidden="true"> in {seconds} s</span>.
            </p>
            <progress aria-hidden="true" max={last.until - last.began} value={last.until - last.began - seconds * 1000} />
          </div>
        </div>
      )}
    </div>
  );
}
