// A shape that is another one but for a few words (`like: availability`): the words of that file, with its own in their place, each of them whole.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { didYouMean } from '../../fhir/closest-name.ts';
import { readSource, type Source } from './source.ts';

type Words = Record<string, unknown>;

/** The file with what it takes over; a word keeps the place where it is written. A shape that is not there, or is like another itself, is an Error. */
export function applyExtends<T>(own: Source<T>): Source<T> {
  const { like, ...words } = Object(own.content) as Words;
  if (typeof like !== 'string') return own;
  const file = join(dirname(own.file), `${like}.yaml`);
  const wrong = (text: string): Error => new Error(`${own.line(['like'])} like: ${text}`);
  if (!existsSync(file)) throw wrong(`there is no shape ${like} beside it${didYouMean(like, beside(own.file))}`);
  const other = readSource<Words>(file);
  if ('like' in other.content) throw wrong(`${like} is like ${String(other.content.like)}: write that here`);
  const placed = (keys: string[]): Source<unknown> =>
    keys[0] === undefined || keys[0] in words || !(keys[0] in other.content) ? own : other;
  return {
    file: own.file,
    content: { ...other.content, ...words } as T,
    line: (keys) => placed(keys).line(keys),
    place: (keys) => placed(keys).place(keys),
  };
}

const beside = (file: string): string[] =>
  readdirSync(dirname(file)).flatMap((name) => (/^(?!surface\.)[^.]+\.yaml$/.test(name) ? [name.replace('.yaml', '')] : []));
