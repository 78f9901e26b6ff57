// The dialog that adds a credential to the session: a key, or the sign-in at an issuer.
import { useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { addKey, findTenant, type Session } from '../../api/session.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { showToast } from '../../components/toast.tsx';
import { IssuerLinks, KeyForm } from './sign-in.tsx';

interface AddKeyDialogProps {
  session: Session;
  onAdded: (session: Session) => void;
  onClose: () => void;
}

export function AddKeyDialog({ session, onAdded, onClose }: AddKeyDialogProps) {
  const [error, setError] = useState<ApiError>();
  const tenant = findTenant(session)?.name;
  const add = async (key: string): Promise<void> => {
    setError(undefined);
    try {
      onAdded(await addKey(key));
      // the key may open a tenant for an operator
      showToast({ text: 'The key is added to your session', isForAnyTenant: true });
      onClose();
    } catch (reason) {
      setError(toApiError(reason));
    }
  };
  return (
    <Dialog title="Add a key" onClose={onClose}>
      <p>
        A session holds one key for each API. It has {session.surfaces.map(({ title }) => title).join(', ')}. A key of the same API takes
        the place of the one before.
      </p>
      <p class="quiet">
        {tenant ? `Only a key of ${tenant}, or of an operator, can be added. ` : ''}To work for another tenant, sign out first.
      </p>
      <div class="credentials">
        <KeyForm attempt={add} action="Add the key" isFirst />
        {error && <ErrorNotice error={error} title="Add a key" />}
        {session.signIn && (
          <>
            <IssuerLinks issuers={session.signIn} isFirst={false} />
            <p class="quiet">If that account belongs to another tenant, its access replaces all keys of this session.</p>
          </>
        )}
      </div>
    </Dialog>
  );
}
