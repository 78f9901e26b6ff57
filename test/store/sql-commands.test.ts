// Splitting SQL into commands, wherever semicolons occur.
import { splitCommands } from '../../src/store/database/split-commands.ts';

it.each([
  ['two commands', 'select 1; select 2', ['select 1', 'select 2']],
  ['a comment', '-- one; two\nselect 1; -- three;\n/* four; */', ['-- one; two\nselect 1']],
  ['a string', "select 'a;''b;'; select e'\\';'", ["select 'a;''b;'", "select e'\\';'"]],
  ['a quoted name', 'select 1 as "a;b"; select 2', ['select 1 as "a;b"', 'select 2']],
  ['a dollar quote', 'do $$ begin; end $$; do $a$ $$; $a$', ['do $$ begin; end $$', 'do $a$ $$; $a$']],
  ['a parameter', 'select $1; select $2', ['select $1', 'select $2']],
  ['nothing', ' ;\n; -- nothing', []],
])('ends a command at its own semicolon: %s', (_what, text, commands) => {
  expect(splitCommands(text).map((command) => command.trim())).toEqual(commands);
});

it('keeps the position of a command in the text, so that an error names its line', () => {
  const text = 'select 1;\nselect 2;\nselect b';
  expect(splitCommands(text).map((command) => text.indexOf(command.trim()) === command.search(/\S/))).toEqual([true, true, true]);
  expect(splitCommands(text)[2]!.split('\n')).toHaveLength(3);
});
