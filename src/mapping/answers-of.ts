// The bodies a shape is answered with: in an envelope of its own where the mapping has one, else in the surface's.
import { attempt } from './attempt.ts';
import { type Template, templateOf } from './envelope.ts';
import type { Shape, Surface } from './shape.ts';
import type { MappingSpec } from './spec.ts';
import { ANSWER, answered, LIST, listed } from './surface.ts';

/** `item` and `list` of a shape. `fault` is told what is wrong, with the keys that lead to it in the mapping file. */
export function answersOf(
  { envelope = {}, search = {}, plural = '' }: MappingSpec,
  surface: Surface,
  fault: (keys: string[], error: unknown) => void,
): Pick<Shape, 'item' | 'list'> {
  const names = Object.keys(search);
  const own = (word: 'item' | 'list', known: string[]): Template | undefined =>
    envelope[word] === undefined
      ? undefined
      : attempt(
          () => templateOf(envelope[word], [...ANSWER, ...known]),
          (error) => fault(['envelope', word], error),
        );
  const [item, list] = [own('item', ['body']), own('list', [...LIST, ...names])];
  const said = (asked: Record<string, string>): Record<string, string | null> =>
    Object.fromEntries(names.map((name) => [name, asked[name]?.trim() ? asked[name] : null]));
  return {
    item: item ? (view, facts) => item({ ...answered(facts), body: view }) : surface.item,
    list: list
      ? (views, page, facts, asked) => list({ ...said(asked), ...answered(facts), ...listed(views, page, plural) })
      : (views, page, facts) => surface.list(views, page, facts, plural),
  };
}
