// The parameters of a URL. Express' own parser is off: it makes objects of names with brackets.

/** Names and values in order, percent-decoded once, `+` a space. */
export function queryOf(url: string): [name: string, value: string][] {
  const at = url.indexOf('?');
  return at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1))];
}
