// Says that an edit is not saved whose session has ended, and what can be done with it: go on or discard it.
import type { ComponentChildren } from 'preact';
import type { Session } from '../api/session.ts';
import { Button } from '../components/button.tsx';
import { Icon } from '../components/icons.tsx';
import { navigate } from '../router.ts';
import { dropEdit, findOwner, isSameOwner, type KeptEdit, useKeptEdits } from './kept-edits.ts';

/** For each edit that is not in the editor. Only its user sees more of it than type and id. */
export function KeptEditNotices({ session }: { session: Session }) {
  const own = findOwner(session);
  return (
    <>
      {useKeptEdits().map((edit) => (
        <KeptEditNotice
          key={`${edit.owner.tenant.slug} ${edit.owner.actors[0]} ${edit.path}`}
          edit={edit}
          isOwn={isSameOwner(edit.owner, own)}
        />
      ))}
    </>
  );
}

interface NoticeProps {
  edit: KeptEdit;
}

const KeptEditNotice = ({ edit, isOwn }: NoticeProps & { isOwn: boolean }) =>
  isOwn ? (
    <EditNotice edit={edit} actions={<Button onClick={() => navigate(edit.path)}>Go on with it</Button>} />
  ) : (
    <EditNotice edit={edit}>
      Sign in again for the tenant {edit.owner.tenant.name} with the same key or account to go on with it. It stays in this page, and is
      lost when the page is loaded again.
    </EditNotice>
  );

interface EditNoticeProps extends NoticeProps {
  children?: ComponentChildren;
  actions?: ComponentChildren;
}

const EditNotice = ({ edit, children, actions }: EditNoticeProps) => (
  <div class="notice warn kept-edit" role="note">
    <Icon name="warning" />
    <div class="notice-body">
      <p class="notice-title">
        Your edit of {edit.base.type}/{edit.base.id} is not saved
      </p>
      {children && <p>{children}</p>}
      <div class="row">
        {actions}
        <Button variant="danger" onClick={() => dropEdit(edit)}>
          Discard it
        </Button>
      </div>
    </div>
  </div>
);
