// Signing in to the console at a real OpenID provider, over HTTP: what the browser is given, whose data the session opens, when it ends, and what is refused.
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { toIssuerName } from '../../src/access-tokens/sign-in-settings.ts';
import { AUDIENCE } from '../access-tokens/issuer-fixture.ts';
import {
  CONSOLE,
  type OidcIssuer,
  openTestBrowser,
  signInAtProvider,
  startOidcIssuer,
  type TestBrowser,
  TOKEN_SECONDS,
  USER_WITH_GROUPS,
} from '../access-tokens/oidc-issuer.ts';
import { type Listening, listen } from '../journeys/listening.ts';
import { until } from '../until.ts';
import { cookiesOf, leadBack, locationOf, readSession, signInAt, toLoginUrl, X_CONSOLE } from './signing-in.ts';

const SECOND = 1000;
const ADA = { resourceType: 'Patient', id: 'ada', name: [{ family: 'Lovelace' }] };
const BOB = { resourceType: 'Patient', id: 'bob', name: [{ family: 'Babbage' }] };

let offset = 0;
let lines = '';
const sink = new Writable({
  write(chunk, _encoding, done) {
    lines += chunk;
    done();
  },
});
const log = pino({ level: 'info' }, sink);
let issuer: OidcIssuer;
/** Each of its clients differs in one thing. */
let second: OidcIssuer;
let facet: Listening;
beforeAll(async () => {
  facet = await listen({ clock: () => new Date(Date.now() + offset), log }, async (consoleUrl) => {
    [issuer, second] = [await startOidcIssuer({ consoleUrl }), await startOidcIssuer({ consoleUrl })];
    const entries = [
      { issuer: issuer.url, audience: AUDIENCE, tenant: 'demo', signIn: { clientId: CONSOLE } },
      { issuer: second.url, audience: AUDIENCE, tenant: 'demo', signIn: { ...second.confidential, title: 'Second clinic' } },
    ];
    return { FACET_ISSUERS: JSON.stringify(entries), FACET_LOG_LEVEL: 'info' };
  });
  await facet.put(ADA).expect(201);
  await facet.put(BOB, facet.other.fhir).expect(201);
});
afterAll(async () => {
  await facet.close();
  await issuer.close();
  await second.close();
});
afterEach(() => {
  offset = 0;
});

const loginUrl = (of = issuer, to = '/console/Patient/ada'): string => toLoginUrl(facet.url, of.url, to);
const pendingOf = ({ cookies }: TestBrowser): string[] => [...cookies.keys()].filter((name) => name.includes('sign-in'));
const signIn = (login?: string, of = issuer) => signInAt(loginUrl(of), login);
const readPatient = async ({ browse }: TestBrowser, id: string): Promise<number> =>
  (await browse(`${facet.url}/fhir/R4/Patient/${id}`, { headers: X_CONSOLE })).status;

test('a user signs in, gets back to the view that was asked for, and reads the data of the tenant only', async () => {
  const { browser, response } = await signIn();
  expect([response.status, locationOf(response)]).toEqual([303, '/console/Patient/ada']);
  expect([await readPatient(browser, 'ada'), await readPatient(browser, 'bob')]).toEqual([200, 404]);
  const session = await readSession(browser, facet.url);
  expect(session.surfaces).toEqual([
    expect.objectContaining({ name: 'fhir', tenant: { slug: 'demo', name: 'demo' }, scopes: ['user/*.cruds'] }),
  ]);
  const [actor] = await facet.store.database.query("select client, subject from token_actor where subject = 'ann'");
  expect(actor).toEqual({ client: CONSOLE, subject: 'ann' });
});

test('the authorization request has PKCE, state, nonce, and the redirect URI of the issuer alone', async () => {
  const { browse } = openTestBrowser();
  const response = await browse(loginUrl());
  const url = new URL(locationOf(response));
  expect(`${url.origin}${url.pathname}`).toBe(`${issuer.url}/auth`);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: CONSOLE,
    response_type: 'code',
    redirect_uri: `${facet.url}/console/session/callback/localhost-${new URL(issuer.url).port}`,
    scope: 'openid user/*.cruds',
    state: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
  });
  expect([response.headers.get('referrer-policy'), response.headers.get('cache-control')]).toEqual(['no-referrer', 'no-store']);
});

test('the cookie of a sign-in is HttpOnly and SameSite=Lax, ends after ten minutes, is encrypted, and is deleted at the callback', async () => {
  const browser = openTestBrowser();
  const begun = await browser.browse(loginUrl());
  const { port } = new URL(facet.url);
  const [, value, expires] =
    new RegExp(`^facet-console-sign-in-[0-9a-f]{12}-${port}=([\\w.-]+); Path=/; Expires=([^;]+); HttpOnly; SameSite=Lax$`).exec(
      cookiesOf(begun),
    ) ?? [];
  expect(Math.abs(Date.parse(expires!) - Date.now() - 600 * SECOND)).toBeLessThan(60 * SECOND);
  const state = new URL(locationOf(begun)).searchParams.get('state')!;
  expect(
    value!
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
      .join(),
  ).not.toContain(state);
  const completed = await browser.browse(await signInAtProvider(browser, locationOf(begun), 'ann'));
  expect(cookiesOf(completed)).toMatch(
    new RegExp(`^facet-console-sign-in-[0-9a-f]{12}-${port}=; Path=/; Expires=Thu, 01 Jan 1970 [^;]+; HttpOnly; SameSite=Lax$`, 'm'),
  );
  expect(cookiesOf(completed)).toMatch(
    new RegExp(`^facet-console-${port}=[\\w.-]+; Path=/; Expires=[^;]+; HttpOnly; SameSite=Strict$`, 'm'),
  );
});

test('neither the code nor the token is in a response, a URL of the console or the log', async () => {
  const before = lines.length;
  const { response, callback, browser } = await signIn();
  const code = new URL(callback).searchParams.get('code')!;
  const shown = [await response.text(), ...[...response.headers].map((header) => header.join()), lines.slice(before)].join('\n');
  expect(code.length).toBeGreaterThan(20);
  expect(shown).not.toContain(code);
  expect(`${shown}${JSON.stringify(await readSession(browser, facet.url))}`).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/);
});

describe('the session', () => {
  test('ends no later than the token', async () => {
    const { browser } = await signIn();
    const { ends } = await readSession(browser, facet.url);
    expect(Date.parse(ends!) - Date.now()).toBeLessThanOrEqual(TOKEN_SECONDS * SECOND);
    expect(Date.parse(ends!) - Date.now()).toBeGreaterThan((TOKEN_SECONDS - 60) * SECOND);
    offset = (TOKEN_SECONDS + 31) * SECOND;
    expect(await readPatient(browser, 'ada')).toBe(401);
    expect((await readSession(browser, facet.url)).surfaces).toEqual([]);
  });

  test('lasts on with the key of another API that was added to it', async () => {
    const { browser } = await signIn();
    const { port } = new URL(facet.url);
    const response = await fetch(`${facet.url}/console/session`, {
      method: 'POST',
      headers: {
        ...X_CONSOLE,
        'Content-Type': 'application/json',
        Cookie: `facet-console-${port}=${browser.cookies.get(`facet-console-${port}`)}`,
      },
      body: JSON.stringify({ key: facet.demo.loop }),
    });
    const { surfaces, ends } = (await response.json()) as { surfaces: { name: string }[]; ends: string };
    expect(surfaces.map(({ name }) => name)).toEqual(['fhir', 'loop']);
    expect(Date.parse(ends) - Date.now()).toBeGreaterThan(50 * 60 * SECOND);
  });

  test('does not get its keys back from a sign-in that was begun before signing out', async () => {
    const browser = openTestBrowser();
    const headers = { ...X_CONSOLE, 'Content-Type': 'application/json' };
    const session = `${facet.url}/console/session`;
    await browser.browse(session, { method: 'POST', headers, body: JSON.stringify({ key: facet.demo.loop }) });
    const callback = await leadBack(browser, loginUrl());
    await browser.browse(session, { method: 'DELETE', headers });
    expect(locationOf(await browser.browse(callback))).toBe('/console?sign-in=expired');
    expect((await readSession(browser, facet.url)).surfaces).toEqual([]);
  });

  test('does not begin if the token is longer than a cookie', async () => {
    const { response, browser } = await signIn(USER_WITH_GROUPS);
    expect(locationOf(response)).toBe('/console/Patient/ada?sign-in=length');
    expect((await readSession(browser, facet.url)).surfaces).toEqual([]);
  });

  test('is not opened by the cookie of a sign-in, and the other way round', async () => {
    const { browser } = await signIn();
    const { port } = new URL(facet.url);
    const session = `facet-console-${port}`;
    const begun = openTestBrowser();
    const callback = await leadBack(begun, loginUrl());
    const pending = pendingOf(begun)[0]!;
    expect(await readPatient(openTestBrowser(new Map([[session, begun.cookies.get(pending)!]])), 'ada')).toBe(401);
    const swapped = openTestBrowser(new Map([[pending, browser.cookies.get(session)!]]));
    expect(locationOf(await swapped.browse(callback))).toBe('/console?sign-in=expired');
  });
});

test('two sign-ins of one browser do not disturb each other, and at most four are under way', async () => {
  const browser = openTestBrowser();
  const first = await leadBack(browser, loginUrl(issuer, '/console/Patient/ada'));
  const begun = await browser.browse(loginUrl(issuer, '/console/Patient/bob'));
  expect(locationOf(await browser.browse(first))).toBe('/console/Patient/ada');
  const second = await signInAtProvider(browser, locationOf(begun), 'ann');
  expect(locationOf(await browser.browse(second))).toBe('/console/Patient/bob');
  expect(pendingOf(browser)).toEqual([]);
  for (let count = 0; count < 7; count++) await browser.browse(loginUrl());
  expect(pendingOf(browser)).toHaveLength(4);
});

describe('a callback is refused', () => {
  test('a second time, also with a copy of the cookie: the code was used', async () => {
    const browser = openTestBrowser();
    const callback = await leadBack(browser, loginUrl());
    const copy = openTestBrowser(new Map(browser.cookies));
    expect(locationOf(await browser.browse(callback))).toBe('/console/Patient/ada');
    expect(locationOf(await browser.browse(callback))).toBe('/console?sign-in=expired');
    expect(locationOf(await copy.browse(callback))).toBe('/console/Patient/ada?sign-in=refused');
    expect(lines).toContain('invalid_grant');
    expect((await readSession(copy, facet.url)).surfaces).toEqual([]);
  });

  test('in another browser, also in one with a sign-in of its own', async () => {
    const callback = await leadBack(openTestBrowser(), loginUrl());
    expect(locationOf(await openTestBrowser().browse(callback))).toBe('/console?sign-in=expired');
    const other = openTestBrowser();
    await other.browse(loginUrl());
    const before = issuer.tokens.requests;
    expect(locationOf(await other.browse(callback))).toBe('/console?sign-in=expired');
    expect(issuer.tokens.requests).toBe(before);
  });

  test('more than ten minutes after the sign-in began', async () => {
    const browser = openTestBrowser();
    const callback = await leadBack(browser, loginUrl());
    offset = 601 * SECOND;
    expect(locationOf(await browser.browse(callback))).toBe('/console?sign-in=expired');
  });

  test('if it is of another issuer than the sign-in: its code is sent to neither', async () => {
    const browser = openTestBrowser();
    const begun = new URL(locationOf(await browser.browse(loginUrl(second))));
    const victim = openTestBrowser();
    const stolen = new URL(await leadBack(victim, loginUrl()));
    stolen.searchParams.set('state', begun.searchParams.get('state')!);
    const before = [issuer.tokens.requests, second.tokens.requests];
    expect(locationOf(await browser.browse(stolen.href))).toBe('/console?sign-in=expired');
    await browser
      .browse(loginUrl(second))
      .then((response) => stolen.searchParams.set('state', new URL(locationOf(response)).searchParams.get('state')!));
    stolen.pathname = `/console/session/callback/${toIssuerName(second.url)}`;
    expect(locationOf(await browser.browse(stolen.href))).toBe('/console/Patient/ada?sign-in=refused');
    expect([issuer.tokens.requests, second.tokens.requests]).toEqual(before);
    expect(lines).toContain('unexpected \\"iss\\" (issuer) response parameter value');
  });

  test('without the parameter iss, which the issuer promises', async () => {
    const browser = openTestBrowser();
    const callback = new URL(await leadBack(browser, loginUrl()));
    callback.searchParams.delete('iss');
    expect(locationOf(await browser.browse(callback.href))).toBe('/console/Patient/ada?sign-in=refused');
  });

  test('with a changed code', async () => {
    const browser = openTestBrowser();
    const callback = new URL(await leadBack(browser, loginUrl()));
    callback.searchParams.set('code', 'another');
    expect(locationOf(await browser.browse(callback.href))).toBe('/console/Patient/ada?sign-in=refused');
  });
});

describe('the user gets back to the sign-in page', () => {
  test('after cancelling at the issuer', async () => {
    const browser = openTestBrowser();
    const begun = locationOf(await browser.browse(loginUrl()));
    const response = await browser.browse(await signInAtProvider(browser, begun, undefined));
    expect(locationOf(response)).toBe('/console/Patient/ada?sign-in=denied');
  });

  test('if the token endpoint fails, and signs in when it works again', async () => {
    for (const status of [500, 503]) {
      const browser = openTestBrowser();
      const callback = await leadBack(browser, loginUrl());
      issuer.tokens.status = status;
      const failed = await browser.browse(callback);
      delete issuer.tokens.status;
      expect(locationOf(failed)).toBe('/console/Patient/ada?sign-in=unreachable');
    }
    expect(locationOf((await signIn()).response)).toBe('/console/Patient/ada');
  });
});

test('a sign-in, and one that is refused, are in the audit, without the code', async () => {
  const { callback } = await signIn('grace');
  await openTestBrowser().browse(callback);
  const code = new URL(callback).searchParams.get('code')!;
  const find = async (): Promise<string[]> => {
    const rows = await facet.store.database.query<{ event: string }>(
      "select event from audit_event where event like '%/console/session/callback/:issuer%'",
    );
    return rows.map(({ event }) => event);
  };
  const events = await until(
    find,
    (found) => found.some((event) => event.includes('grace')) && found.some((event) => event.includes('401')),
  );
  expect(events.join('\n')).not.toContain(code);
});

test.each([
  ['/console', '/console'],
  ['/console/explorer?tab=plan&type=Patient', '/console/explorer?tab=plan&type=Patient'],
  ['https://elsewhere.example/console', '/console'],
  ['//elsewhere.example/console', '/console'],
  ['/\\elsewhere.example/console', '/console'],
  ['/console/../../elsewhere', '/console'],
  ['/console/../fhir/R4/Patient', '/console'],
  ['/console/session/login/x', '/console'],
  ['/console/api/mappings', '/console'],
  ['javascript:alert(1)', '/console'],
  ['/consoles', '/console'],
  [`/console/${'x'.repeat(1000)}`, '/console'],
  ['', '/console'],
])('the path %s leads back to %s', async (to, back) => {
  const browser = openTestBrowser();
  const begun = locationOf(await browser.browse(loginUrl(issuer, to)));
  const response = await browser.browse(await signInAtProvider(browser, begun, 'ann'));
  expect(locationOf(response)).toBe(back);
});

test('another site cannot begin a sign-in: the browser gets to the sign-in page', async () => {
  for (const site of ['cross-site', 'same-site']) {
    const response = await openTestBrowser().browse(loginUrl(), { headers: { 'Sec-Fetch-Site': site } });
    expect([response.status, locationOf(response), cookiesOf(response)]).toEqual([303, '/console/Patient/ada', '']);
  }
});

test('a confidential client signs in with its secret', async () => {
  const { browser, response } = await signIn('ann', second);
  expect(locationOf(response)).toBe('/console/Patient/ada');
  expect(await readPatient(browser, 'ada')).toBe(200);
});

test('the sign-in page is told of the issuers, and no other name leads to one', async () => {
  const { signIn: shown } = await readSession(openTestBrowser(), facet.url);
  expect(shown).toEqual([
    { title: new URL(issuer.url).host, url: `/console/session/login/${toIssuerName(issuer.url)}` },
    { title: 'Second clinic', url: `/console/session/login/${toIssuerName(second.url)}` },
  ]);
  expect((await openTestBrowser().browse(`${facet.url}/console/session/login/elsewhere`)).status).toBe(404);
  expect((await openTestBrowser().browse(`${facet.url}/console/session/callback/elsewhere?code=x`)).status).toBe(404);
});
