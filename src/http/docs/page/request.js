// The request of a form: sent from the page, or shown as a curl command.
import { credential } from './documents.js';

/** The URL, headers and body of a request. `values`: the values of the form, by location (path, query, header) and name. */
export function requestOf({ method, path, document }, { server, values, body, media, key }) {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values.path?.[name] ?? ''));
  const asked = Object.entries(values.query ?? {}).filter(([, value]) => value !== '');
  const query = asked.length ? `?${new URLSearchParams(asked)}` : '';
  const given = Object.fromEntries(Object.entries(values.header ?? {}).filter(([, value]) => value !== ''));
  const hasBody = body !== undefined && body !== '';
  return {
    method: method.toUpperCase(),
    url: (server + filled).replace(/^\/\//, '/') + query,
    headers: { ...given, ...(hasBody && { 'Content-Type': media }), ...credential(document, key) },
    ...(hasBody && { body }),
  };
}

/** Sends a request. Returns the response and its duration in ms. */
export async function send({ url, ...rest }) {
  const from = performance.now();
  const answer = await fetch(url, { ...rest, credentials: 'omit', cache: 'no-store' });
  const text = await answer.text();
  return {
    status: answer.status,
    reason: answer.statusText,
    headers: [...answer.headers],
    text,
    took: Math.round(performance.now() - from),
  };
}

/** The request as a curl command. */
export function curlOf({ method, url, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    `curl -sS -X ${method} ${quoted(location.origin + url)}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-d ${quoted(body)}`]),
  ].join(' \\\n  ');
}
