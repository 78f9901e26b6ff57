// The frame of every view: navigation, who is signed in, theme, commands.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import icon from '../design/icon.svg';
import { ApiError, toApiError } from './api/api-error.ts';
import { findTenant, type Session, signOut } from './api/session.ts';
import { openAddKey } from './components/add-key-button.tsx';
import { Badge } from './components/badge.tsx';
import { Button } from './components/button.tsx';
import { Dialog } from './components/dialog.tsx';
import { Icon } from './components/icons.tsx';
import { useFocusRestoration } from './components/use-focus-restoration.ts';
import { dropEdit, findOwner, isSameOwner, type KeptEdit, useKeptEdits } from './edits/kept-edits.ts';
import { leaveView, toHref, useLocation } from './router.ts';
import { readTheme, storeTheme, type Theme } from './theme.ts';
import type { ViewEntry } from './views/view.ts';

interface LayoutProps {
  views: ViewEntry[];
  session: Session;
  onSignedOut: () => void;
  openPalette: () => void;
  children: ComponentChildren;
}

export function Layout({ views, session, onSignedOut, openPalette, children }: LayoutProps) {
  const { path } = useLocation();
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => setIsOpen(false), [path]);
  const content = useRef<HTMLElement>(null);
  useFocusRestoration(content);
  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="top">
        <span class="menu">
          <Button
            variant="quiet"
            icon={isOpen ? 'close' : 'menu'}
            label={isOpen ? 'Close the menu' : 'Menu'}
            onClick={() => setIsOpen(!isOpen)}
          />
        </span>
        <a class="brand" href={toHref('/')}>
          <img src={icon} alt="" width="20" height="20" />
          Facet
        </a>
        <button type="button" class="find" onClick={openPalette}>
          <Icon name="search" />
          <span class="find-text">Go to …</span>
          <kbd>{/Mac/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
        <Account session={session} onSignedOut={onSignedOut} />
      </header>
      <nav class={isOpen ? 'side open' : 'side'} aria-label="Views">
        {views
          .filter(({ label }) => label !== undefined)
          .map((view) => (
            <a key={view.path} href={toHref(view.path)} aria-current={isCurrent(view, path) ? 'page' : undefined}>
              <Icon name={view.icon} />
              {view.label}
            </a>
          ))}
        <a class="apart" href="/docs">
          <Icon name="book" />
          API reference
        </a>
      </nav>
      <main id="content" tabIndex={-1} ref={content}>
        {children}
      </main>
    </div>
  );
}

/** The entry of a view is current for the paths below it, too. */
const isCurrent = (view: ViewEntry, path: string): boolean => path === view.path || (view.path !== '/' && path.startsWith(`${view.path}/`));

function Account({ session, onSignedOut }: Pick<LayoutProps, 'session' | 'onSignedOut'>) {
  const own = findOwner(session);
  const waiting = useKeptEdits().filter(({ owner }) => isSameOwner(owner, own));
  const [isAsking, setIsAsking] = useState(false);
  const leave = async (): Promise<void> => {
    await signOut().catch((reason: unknown) => {
      const { status, problems, requestId, retryAt } = toApiError(reason);
      throw new ApiError(status, [{ text: 'you are still signed in' }, ...problems], { requestId, retryAt });
    });
    onSignedOut();
  };
  return (
    <div class="account">
      <Badge tone="accent">
        <span class="unseen">Tenant </span>
        {findTenant(session)?.name ?? 'Operator'}
      </Badge>
      <Button variant="quiet" icon="key" label="Add a key" onClick={openAddKey} />
      <ThemeSwitch />
      <Button variant="quiet" icon="exit" label="Sign out" onClick={() => leaveView(waiting.length ? () => setIsAsking(true) : leave)} />
      {isAsking && (
        <SignOutDialog
          edits={waiting}
          onClose={() => setIsAsking(false)}
          onSignOut={async () => {
            await leave();
            for (const edit of waiting) dropEdit(edit);
          }}
        />
      )}
    </div>
  );
}

interface SignOutDialogProps {
  edits: KeptEdit[];
  onClose: () => void;
  onSignOut: () => Promise<void>;
}

/** Edits that wait for their user do not outlive that user's own sign-out. */
const SignOutDialog = ({ edits, onClose, onSignOut }: SignOutDialogProps) => (
  <Dialog
    title="Sign out without saving?"
    onClose={onClose}
    actions={
      <>
        <Button variant="primary" onClick={onClose}>
          Stay
        </Button>
        <Button variant="danger" onClick={onSignOut}>
          Sign out and lose {edits.length === 1 ? 'the edit' : 'the edits'}
        </Button>
      </>
    }
  >
    <p>Not saved: {edits.map(({ base }) => `${base.type}/${base.id}`).join(', ')}</p>
  </Dialog>
);

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const THEME_ICONS = { system: 'screen', light: 'sun', dark: 'moon' } as const;

function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme);
  const change = (): void => {
    storeTheme(NEXT[theme]);
    setTheme(NEXT[theme]);
  };
  return <Button variant="quiet" icon={THEME_ICONS[theme]} label={`Theme: ${theme}. Change to ${NEXT[theme]}`} onClick={change} />;
}
