// The commands of an SQL text, one by one. A text that is sent whole is one message, and Citus takes no message with several commands that change a
// distributed table. https://www.postgresql.org/docs/current/sql-syntax-lexical.html

/** Comments, strings, quoted names and dollar quotes: a semicolon inside them ends no command. A block comment holds no other one. */
const OPAQUE = /--[^\n]*|\/\*.*?\*\/|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$.*?\$\1\$/;
const PART = new RegExp(`${OPAQUE.source}|(?<end>;)|[^;]`, 'gs');
const COMMENT = /^(--|\/\*)/;

/** Each command with blanks in place of all that stands before it: a position in it is a position in the text. */
export function splitCommands(text: string): string[] {
  const commands: string[] = [];
  let [from, filled] = [0, false];
  const close = (at: number): void => {
    if (filled) commands.push(toBlanks(text.slice(0, from)) + text.slice(from, at));
    [from, filled] = [at + 1, false];
  };
  for (const { 0: part, index, groups } of text.matchAll(PART)) {
    if (groups?.end) close(index);
    else filled ||= part.trim() !== '' && !COMMENT.test(part);
  }
  close(text.length);
  return commands;
}

const toBlanks = (text: string): string => text.replace(/[^\n]/g, ' ');
