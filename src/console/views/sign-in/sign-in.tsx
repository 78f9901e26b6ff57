// The sign-in page: an issuer, a key, or on a development server one click.
import { useRef, useState } from 'preact/hooks';
import icon from '../../../design/icon.svg';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { type Session, signIn, signInAsDemo } from '../../api/session.ts';
import { Arrival } from '../../arrival.tsx';
import { Button } from '../../components/button.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Icon } from '../../components/icons.tsx';
import { useFocusRestoration } from '../../components/use-focus-restoration.ts';
import { KeptEditNotices } from '../../edits/kept-edit-notice.tsx';
import { useHasEdits } from '../../edits/kept-edits.ts';
import { toHref, useLocation } from '../../router.ts';
import type { SignInProblem } from './sign-in-problem.ts';

interface SignInProps {
  session: Session;
  /** Why a sign-in at an issuer failed. */
  problem: SignInProblem | undefined;
  onSignedIn: (session: Session) => void;
}

export function SignIn({ session, problem: found, onSignedIn }: SignInProps) {
  const [error, setError] = useState<ApiError>();
  const [problem, setProblem] = useState(found);
  const content = useRef<HTMLElement>(null);
  useFocusRestoration(content);
  const attempt = async (begin: () => Promise<Session>): Promise<void> => {
    setError(undefined);
    setProblem(undefined);
    try {
      onSignedIn(await begin());
    } catch (reason) {
      setError(toApiError(reason));
    }
  };
  return (
    <main class="sign-in credentials" id="content" tabIndex={-1} ref={content}>
      <img src={icon} alt="" width="40" height="40" />
      <h1>Sign in to Facet</h1>
      {problem && <ProblemNotice {...problem} />}
      <KeptEditNotices session={session} />
      {session.signIn && <IssuerLinks issuers={session.signIn} isFirst={session.signIn.length === 1} />}
      {session.development && (
        <section aria-labelledby="one-click">
          <h2 id="one-click">Development server</h2>
          <p class="quiet">One click signs in with the development keys of all APIs. The two tenants never see each other’s data.</p>
          <div class="row">
            {session.development.tenants.map((tenant, at) => (
              <Button
                key={tenant}
                variant={at === 0 && !session.signIn ? 'primary' : 'plain'}
                onClick={() => attempt(() => signInAsDemo(tenant))}
              >
                Continue as {tenant}
              </Button>
            ))}
          </div>
        </section>
      )}
      <KeyForm
        attempt={(key) => attempt(() => signIn(key))}
        action="Sign in with a key"
        isFirst={!session.development && !session.signIn}
      />
      {error && <ErrorNotice error={error} title="Sign in" />}
      {!window.isSecureContext && <InsecureNotice />}
      <p class="quiet">
        Looking for the API? Its documents are at <a href="/docs">/docs</a>.
      </p>
      <Arrival title="Sign in" />
    </main>
  );
}

/** Each leads to the issuer, and from there back to the current view. */
export function IssuerLinks({ issuers, isFirst }: { issuers: NonNullable<Session['signIn']>; isFirst: boolean }) {
  const { path, query } = useLocation();
  // the page stays where it is, with the edit
  const target = useHasEdits() ? '_blank' : undefined;
  const to = encodeURIComponent(toHref(path) + (query.size ? `?${query}` : ''));
  return (
    <section aria-label="Sign in with your organisation">
      {issuers.map(({ title, url }) => (
        <a key={url} class={`button wide ${isFirst ? 'primary' : 'plain'}`} href={`${url}?to=${to}`} target={target}>
          <Icon name="enter" />
          <span>
            Sign in with {title}
            {target && ' in another tab'}
          </span>
        </a>
      ))}
      <p class="quiet">
        You sign in there with the account of your organisation, and come back to this page
        {target && ', which goes on by itself: close the tab of the sign-in then'}.
      </p>
    </section>
  );
}

const ProblemNotice = ({ text, remedy }: SignInProblem) => (
  <div class="notice bad" role="alert">
    <Icon name="warning" />
    <div class="notice-body">
      <p class="notice-title">You are not signed in</p>
      <p>{text}</p>
      <p>{remedy}</p>
    </div>
  </div>
);

interface KeyFormProps {
  attempt: (key: string) => Promise<void>;
  /** What its button says. */
  action: string;
  isFirst: boolean;
}

/** The key stays in the input, and is gone when the form is. */
export function KeyForm({ attempt, action, isFirst }: KeyFormProps) {
  const [key, setKey] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    setIsBusy(true);
    void attempt(key).finally(() => setIsBusy(false));
  };
  return (
    <form onSubmit={submit}>
      <label class="field">
        <span>API key</span>
        <input
          type="password"
          required
          spellcheck={false}
          autocomplete="off"
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <p class="quiet">
        A key of any API, or of an administrator. It becomes an encrypted cookie that ends an hour after the last use, at the latest after
        twelve hours or when the key expires.
      </p>
      <Button type="submit" variant={isFirst ? 'primary' : 'plain'} icon="key" busy={isBusy}>
        {action}
      </Button>
    </form>
  );
}

const InsecureNotice = () => (
  <div class="notice warn" role="note">
    <Icon name="warning" />
    <div class="notice-body">
      <p class="notice-title">This connection is not encrypted</p>
      <p>Browsers keep the session’s cookie only over HTTPS, or on the server’s own machine at http://localhost. Open the console there.</p>
    </div>
  </div>
);
