// Why a sign-in at an issuer failed. The server sends the browser back to the view with a code in `?sign-in=`, never with a text, which anyone could write into a link.

export interface SignInProblem {
  text: string;
  /** What the user can do. */
  remedy: string;
}

const ASK = 'The server’s log has the reason.';

const PROBLEMS: Readonly<Record<string, SignInProblem>> = {
  denied: {
    text: 'The sign-in was cancelled, or you have no access.',
    remedy: 'Sign in again, or ask your administrator for access.',
  },
  expired: {
    text: 'This sign-in was not begun in this browser, took more than ten minutes, or was used already.',
    remedy: 'Sign in again. Your browser must accept cookies of this server.',
  },
  unreachable: {
    text: 'The sign-in service does not respond.',
    remedy: 'Try again in a moment, or sign in with an API key.',
  },
  refused: {
    text: 'The sign-in service did not complete the sign-in.',
    remedy: `Ask an operator to check the client, its redirect URI and its scopes. ${ASK}`,
  },
  token: {
    text: 'The sign-in service signed you in, but its access token does not open this server.',
    remedy: `Ask an operator to check the audience of the token and the tenant. ${ASK}`,
  },
  scopes: {
    text: 'The sign-in service signed you in, but gave you no permission on this server.',
    remedy: 'Ask your administrator for a scope of this server, for example user/*.rs.',
  },
  length: {
    text: 'The access token is too long for a cookie.',
    remedy: 'Ask an operator to leave claims out of it, for example groups. Until then sign in with an API key.',
  },
};

const PARAMETER = 'sign-in';

/** The problem in the current URL, which is removed from it. */
export function takeSignInProblem(): SignInProblem | undefined {
  const url = new URL(location.href);
  const code = url.searchParams.get(PARAMETER);
  if (code === null) return undefined;
  url.searchParams.delete(PARAMETER);
  history.replaceState(null, '', url.pathname + url.search);
  return Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : undefined;
}
