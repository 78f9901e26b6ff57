// Says where the user is when another view is shown: the title of the document, which screen readers announce, and the focus, which goes to the heading of the view.
import { useEffect, useState } from 'preact/hooks';

const ARRIVED = 'facet:arrived';

/** A page that was loaded begins as every page does: with its title, and no focus. */
let isLoaded = false;

/** Render it behind the content of a view, with a `key` that changes with the view. */
export function Arrival({ title }: { title: string }) {
  useEffect(() => {
    document.title = `${title} · Facet`;
    if (isLoaded) {
      window.dispatchEvent(new Event(ARRIVED));
      focusHeading();
      window.scrollTo(0, 0);
    }
    isLoaded = true;
  }, []);
  return null;
}

/** What had the focus may be gone with the content before. A view without a heading gives the focus to the whole content. */
export function focusHeading(selector = '#content h1'): void {
  const heading = document.querySelector<HTMLElement>(selector) ?? document.getElementById('content');
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** Announces the title of each view after the first one. It is there before it has a text: screen readers do not announce a live region that is new. */
export function Announcer() {
  const [title, setTitle] = useState('');
  useEffect(() => {
    const announce = (): void => setTitle(document.title);
    window.addEventListener(ARRIVED, announce);
    return () => window.removeEventListener(ARRIVED, announce);
  }, []);
  return (
    <p class="unseen announcer" role="status">
      {title}
    </p>
  );
}
