// Splits an SQL text into its commands. An SQL text is otherwise sent as one message, and Citus refuses a message with several commands that change a
// distributed table. https://www.postgresql.org/docs/current/sql-syntax-lexical.html

/** Comments, strings, quoted names and dollar quotes. A semicolon inside them does not end a command. Nested block comments are not supported. */
const OPAQUE = /--[^\n]*|\/\*.*?\*\/|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$.*?\$\1\$/;
const PART = new RegExp(`${OPAQUE.source}|(?<end>;)|[^;]`, 'gs');
const COMMENT = /^(--|\/\*)/;

/** Each command is preceded by as many blanks as the text before it has characters, so that an error position in the command is a position in the text. */
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
