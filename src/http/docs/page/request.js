// The request of a form: sent from the page, or shown as code.
import { credential } from './documents.js';
import { KEY_MARK } from './samples.js';

/** The URL, headers and body of a request. `values`: the values of the form, by location (path, query, header) and name. */
export function requestOf({ method, path, document }, { server, values, body, media }) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values.path?.[name] ?? ''));
  const asked = Object.entries(values.query ?? {}).filter(([, value]) => value !== '');
  const query = asked.length ? `?${new URLSearchParams(asked)}` : '';
  const given = Object.fromEntries(Object.entries(values.header ?? {}).filter(([, value]) => value !== ''));
  const hasBody = body !== undefined && body !== '';
  return {
    method: method.toUpperCase(),
    path: (server + filled).replace(/^\/\//, '/') + query,
    headers: { ...given, ...(hasBody && { 'Content-Type': media }), ...credential(document, KEY_MARK) },
    ...(hasBody && { body }),
  };
}

/** The request with its whole URL, for code. */
export const withOrigin = ({ path, ...rest }) => ({ ...rest, url: location.origin + path });

/** Sends a request with a key; without one, the header of the key is left out. Returns the response and its duration in ms. */
export async function send({ path, headers, ...rest }, key) {
  const sent = Object.entries(headers).filter(([, value]) => key !== '' || !value.includes(KEY_MARK));
  const from = performance.now();
  const answer = await fetch(path, {
    ...rest,
    headers: Object.fromEntries(sent.map(([name, value]) => [name, value.replace(KEY_MARK, key)])),
    credentials: 'omit',
    cache: 'no-store',
  });
  const text = await answer.text();
  return {
    status: answer.status,
    reason: answer.statusText,
    headers: [...answer.headers],
    text,
    took: Math.round(performance.now() - from),
  };
}
