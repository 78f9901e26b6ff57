// The request a form describes: sent from here, or written as a curl.
import { credential } from './documents.js';

/** Path, headers and body of a request; `values` are those of the form, by place and name. */
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

/** Sends it; what came back, and how long that took in ms. */
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

/** The same for a shell. */
export function curlOf({ method, url, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    `curl -sS -X ${method} ${quoted(location.origin + url)}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-d ${quoted(body)}`]),
  ].join(' \\\n  ');
}
