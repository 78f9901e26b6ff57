// Asks before an edit that is not saved is lost: a dialog within the console, and the browser's own question when the page is left.
import { useLayoutEffect, useState } from 'preact/hooks';
import { guardView } from '../router.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';

interface LeaveDialogProps {
  isChanged: boolean;
  /** The user gave the edit up. */
  onLeave: () => void;
}

/** The guard is registered before the page is painted, so that no click comes before it. */
export function LeaveDialog({ isChanged, onLeave }: LeaveDialogProps) {
  const [leave, setLeave] = useState<(() => unknown) | undefined>(undefined);
  useLayoutEffect(() => {
    if (!isChanged) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    const open = guardView((next) => setLeave(() => next));
    return () => {
      window.removeEventListener('beforeunload', ask);
      open();
    };
  }, [isChanged]);
  if (!leave) return null;
  const stay = (): void => setLeave(undefined);
  const giveUp = async (): Promise<void> => {
    await leave();
    onLeave();
  };
  const actions = (
    <>
      <Button variant="primary" onClick={stay}>
        Stay
      </Button>
      <Button variant="danger" onClick={giveUp}>
        Leave and lose the edit
      </Button>
    </>
  );
  return (
    <Dialog title="Leave without saving?" onClose={stay} actions={actions}>
      <p>The edit is not saved.</p>
    </Dialog>
  );
}
