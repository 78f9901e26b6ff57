// The application: signs in, finds the view of the path, and shows it in the frame.
import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks';
import type { ApiError } from './api/api-error.ts';
import type { Session } from './api/session.ts';
import { useRequest } from './api/use-request.ts';
import { Announcer, Arrival } from './arrival.tsx';
import { ADD_KEY, openAddKey } from './components/add-key-button.tsx';
import { Button } from './components/button.tsx';
import { type Command, CommandPalette } from './components/command-palette.tsx';
import { EmptyState } from './components/empty-state.tsx';
import { ErrorBoundary } from './components/error-boundary.tsx';
import { ErrorNotice } from './components/error-notice.tsx';
import { Messages } from './components/messages.tsx';
import { RequestView } from './components/request-view.tsx';
import { Skeleton } from './components/skeleton.tsx';
import { showToast } from './components/toast.tsx';
import { KeptEditNotices } from './edits/kept-edit-notice.tsx';
import { Layout } from './layout.tsx';
import { followLinks, matchPath, navigate, toHref, useLocation } from './router.ts';
import { SessionProvider, useSession } from './session-context.tsx';
import { AddKeyDialog } from './views/sign-in/add-key.tsx';
import { SignIn } from './views/sign-in/sign-in.tsx';
import { type SignInProblem, takeSignInProblem } from './views/sign-in/sign-in-problem.ts';
import type { ViewEntry, ViewProps } from './views/view.ts';
import { VIEWS } from './views/views.ts';

export const App = () => (
  <SessionProvider>
    <Main />
    <Messages />
    <Announcer />
  </SessionProvider>
);

function Main() {
  const { session, error, refresh } = useSession();
  const [problem] = useState(takeSignInProblem);
  useEffect(() => {
    document.addEventListener('click', followLinks);
    return () => document.removeEventListener('click', followLinks);
  }, []);
  if (!session) return <Opening error={error} retry={() => refresh()} />;
  if (session.surfaces.length === 0) return <SignIn session={session} problem={problem} onSignedIn={refresh} />;
  // another session begins with new views: nothing of the one before stays
  return <SignedIn key={session.id} session={session} problem={problem} refresh={refresh} />;
}

/** Until it is known who is signed in. */
const Opening = ({ error, retry }: { error: ApiError | undefined; retry: () => void }) => (
  <main id="content">
    <h1 class={error ? undefined : 'unseen'}>Facet</h1>
    {error ? (
      <ErrorNotice error={error} title="Open the console" retry={retry} />
    ) : (
      <div class="late">
        <Skeleton lines={6} label="Open the console" />
      </div>
    )}
  </main>
);

interface SignedInProps {
  session: Session;
  /** Why a credential of an issuer was not added. */
  problem: SignInProblem | undefined;
  refresh: (session?: Session) => void;
}

function SignedIn({ session, problem, refresh }: SignedInProps) {
  const { path } = useLocation();
  const [isPaletteOpen, setIsPaletteOpen] = useState(false);
  const [isAdding, setIsAdding] = useState(false);
  const found = useMemo(() => findView(path), [path]);
  const commands = useMemo(() => listCommands(session), [session]);
  useEffect(() => {
    if (problem) showToast({ text: `${problem.text} ${problem.remedy}`, tone: 'bad' });
  }, [problem]);
  // before the page is painted: who sees it may press the keys
  useLayoutEffect(() => {
    const openPalette = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setIsPaletteOpen(true);
    };
    const openDialog = (): void => setIsAdding(true);
    window.addEventListener('keydown', openPalette);
    window.addEventListener(ADD_KEY, openDialog);
    return () => {
      window.removeEventListener('keydown', openPalette);
      window.removeEventListener(ADD_KEY, openDialog);
    };
  }, []);
  return (
    <Layout views={VIEWS} session={session} onSignedOut={() => refresh()} openPalette={() => setIsPaletteOpen(true)}>
      <KeptEditNotices session={session} />
      <ErrorBoundary key={path}>{found ? <LoadedView {...found} /> : <NoView />}</ErrorBoundary>
      {isPaletteOpen && <CommandPalette commands={commands} onClose={() => setIsPaletteOpen(false)} />}
      {isAdding && <AddKeyDialog session={session} onAdded={refresh} onClose={() => setIsAdding(false)} />}
    </Layout>
  );
}

interface FoundView {
  view: ViewEntry;
  params: Record<string, string>;
}

/** The view of a path: of several, the one with the fewest parameters. */
function findView(path: string): FoundView | undefined {
  const found = VIEWS.flatMap((view) => {
    const params = matchPath(view.path, path);
    return params ? [{ view, params }] : [];
  });
  return found.sort((one, other) => Object.keys(one.params).length - Object.keys(other.params).length)[0];
}

const LOADED = new Map<ViewEntry, ComponentType<ViewProps>>();

/** A view whose chunk is loaded is shown at once. */
function LoadedView({ view, params }: FoundView) {
  const loading = useRequest([view], async () => {
    const { View } = await view.load();
    LOADED.set(view, View);
    return View;
  });
  const title = fillTitle(view.title, params);
  const Known = LOADED.get(view);
  if (Known)
    return (
      <>
        <Known params={params} views={VIEWS} />
        <Arrival title={title} />
      </>
    );
  if (loading.state === 'failed') return <NotLoaded title={title} />;
  return (
    <RequestView request={loading} title={`Open ${title}`} lines={6}>
      {(View) => <View params={params} views={VIEWS} />}
    </RequestView>
  );
}

const fillTitle = (title: string, params: FoundView['params']): string => title.replace(/:(\w+)/g, (_, name: string) => params[name] ?? '');

/** After an upgrade the server no longer has the files of the page that is open. Browsers also remember that a file could not be loaded. */
const NotLoaded = ({ title }: { title: string }) => (
  <EmptyState
    isView
    icon="warning"
    title={`${title} cannot be opened in this page`}
    actions={
      <Button icon="refresh" onClick={() => location.reload()}>
        Load the page again
      </Button>
    }
  >
    <p>The server was upgraded since the page was loaded, or it does not respond.</p>
    <Arrival title={title} />
  </EmptyState>
);

const NoView = () => (
  <EmptyState isView icon="search" title="There is no such view" actions={<a href={toHref('/')}>Go to the overview</a>}>
    <p>The link may be old, or it was cut off.</p>
    <Arrival title="Not found" />
  </EmptyState>
);

const listCommands = (session: Session): Command[] => [
  ...VIEWS.filter(({ path }) => !path.includes(':')).map(({ path, title, icon }) => ({
    title: `Go to ${title}`,
    icon,
    run: () => navigate(path),
  })),
  { title: 'Open the API reference', words: 'docs openapi', icon: 'book', run: () => location.assign('/docs') },
  { title: 'Add a key to the session', words: 'sign in api credential token', icon: 'key', run: openAddKey },
  ...VIEWS.flatMap(({ commands }) => commands?.(session) ?? []),
];
