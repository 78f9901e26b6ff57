// The response bodies of a shape: in its own envelope, or in the surface's.
import { compileOrReport } from '../diagnostics.ts';
import type { Shape, Surface } from '../shape.ts';
import type { MappingSpec } from '../spec.ts';
import { compileTemplate, type Template } from './envelope.ts';
import { PAGE_NAMES, RESPONSE_NAMES, toPageValues, toResponseValues } from './surface.ts';

/** The envelope functions of a shape; mistakes are reported. */
export function buildShapeEnvelopes(
  { envelope = {}, search = {}, plural = '' }: MappingSpec,
  surface: Surface,
  fault: (keys: string[], error: unknown) => void,
): Pick<Shape, 'wrapItem' | 'wrapList'> {
  const names = Object.keys(search);
  const own = (word: 'item' | 'list', known: string[]): Template | undefined =>
    envelope[word] === undefined
      ? undefined
      : compileOrReport(
          () => compileTemplate(envelope[word], [...RESPONSE_NAMES, ...known]),
          (error) => fault(['envelope', word], error),
        );
  const [item, list] = [own('item', ['body']), own('list', [...PAGE_NAMES, ...names])];
  const buildParameterValues = (parameters: Record<string, string>): Record<string, string | null> =>
    Object.fromEntries(names.map((name) => [name, parameters[name]?.trim() ? parameters[name] : null]));
  return {
    wrapItem: item ? (view, facts) => item({ ...toResponseValues(facts), body: view }) : surface.wrapItem,
    wrapList: list
      ? (views, page, facts, parameters) =>
          list({ ...buildParameterValues(parameters), ...toResponseValues(facts), ...toPageValues(views, page, plural) })
      : (views, page, facts) => surface.wrapList(views, page, facts, plural),
  };
}
