// Says that an edit is not saved whose session has ended, and what can be done with it: go on, copy or discard it.
import type { ComponentChildren } from 'preact';
import { findTenant, type Session } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { navigate } from '../../router.ts';
import { dropEdit, type KeptEdit, useKeptEdits } from './kept-edits.ts';

/** For each edit that is not in the editor. Its text is given to signed-in users only. */
export function KeptEditNotices({ session }: { session: Session }) {
  const own = findTenant(session)?.slug;
  const isSignedIn = session.surfaces.length > 0;
  return (
    <>
      {useKeptEdits().map((edit) =>
        edit.tenant.slug === own ? (
          <OwnEdit key={`${edit.tenant.slug} ${edit.path}`} edit={edit} />
        ) : isSignedIn ? (
          <EditOfOther key={`${edit.tenant.slug} ${edit.path}`} edit={edit} />
        ) : (
          <EditWithoutSession key={`${edit.tenant.slug} ${edit.path}`} edit={edit} />
        ),
      )}
    </>
  );
}

interface NoticeProps {
  edit: KeptEdit;
}

const OwnEdit = ({ edit }: NoticeProps) => (
  <EditNotice edit={edit} actions={<Button onClick={() => navigate(edit.path)}>Go on with it</Button>} />
);

const EditOfOther = ({ edit }: NoticeProps) => (
  <EditNotice edit={edit} actions={<CopyButton text={edit.text}>Copy it</CopyButton>}>
    It belongs to the tenant {edit.tenant.name}, and cannot be saved for another one. Sign out and sign in for {edit.tenant.name} to go on
    with it.
  </EditNotice>
);

const EditWithoutSession = ({ edit }: NoticeProps) => (
  <EditNotice edit={edit}>
    Sign in again for the tenant {edit.tenant.name} to go on with it. It stays in this page, and is lost when the page is loaded again.
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
