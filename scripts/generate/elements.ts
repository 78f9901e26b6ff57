// Makes src/fhir/generated/elements.json: for each type and backbone element, the facts of its elements.
import { type ElementDefinition, isBare, nameOf, reachableGroups, targetsOf, typesOf } from './definitions.ts';

/** The text of elements.json: one line per element, so that a change of the definitions reads as a change of lines. */
export function elementsFile(): string {
  const blocks = [...reachableGroups().values()].map((group) => {
    const lines = group.elements.filter((element) => element.max !== '0').map(line);
    return `${JSON.stringify(group.name)}: {\n${lines.join(',\n')}\n}`;
  });
  return `{\n${blocks.join(',\n')}\n}\n`;
}

const line = (element: ElementDefinition): string => `  ${JSON.stringify(nameOf(element))}: ${JSON.stringify(facts(element))}`;

function facts(element: ElementDefinition): object {
  const targets = targetsOf(element);
  return {
    types: typesOf(element),
    ...(element.min > 0 && { min: element.min }),
    ...(element.max === '*' && { list: true }),
    ...(isBare(element) && { bare: true }),
    ...(targets && { targets }),
    ...(element.isSummary && { summary: true }),
    ...(element.binding?.strength === 'required' && { bound: element.binding.valueSet?.split('|')[0] }),
  };
}
