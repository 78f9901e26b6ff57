// The messages of the page and the notice of a busy server. While a modal dialog is open they are in it: outside they are inert, and screen readers do not hear them.
import { useEffect, useRef } from 'preact/hooks';
import { findTenant } from '../api/session.ts';
import { useSession } from '../session-context.tsx';
import { findTopModal, MODALS_CHANGED } from './modals.ts';
import { ToastRegion } from './toast-region.tsx';
import { WaitNotice } from './wait-notice.tsx';

/** The outer element keeps the place of the inner one, for Preact and for the time after a dialog. */
export function Messages() {
  const place = useRef<HTMLDivElement>(null);
  const own = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const move = (): void => (findTopModal() ?? place.current!).append(own.current!);
    move();
    window.addEventListener(MODALS_CHANGED, move);
    return () => window.removeEventListener(MODALS_CHANGED, move);
  }, []);
  return (
    <div ref={place}>
      <div ref={own}>
        <Toasts />
        <WaitNotice />
      </div>
    </div>
  );
}

function Toasts() {
  const { session } = useSession();
  const tenant = session?.id === undefined ? undefined : (findTenant(session)?.slug ?? '');
  return <ToastRegion session={session?.id} tenant={tenant} />;
}
