// CodeSystem/$subsumes: whether one code includes the meaning of the other. https://hl7.org/fhir/R4/codesystem-operation-subsumes.html

import type { OperationParameters } from '../operation-parameters.ts';
import { invalid, notFound, notSupported } from '../outcome.ts';
import { buildParameters } from '../parameters.ts';
import { buildConceptTree, type ConceptTree } from '../terminology/concepts.ts';
import type { CodeSystem } from '../terminology/value-set.ts';
import type { Resource } from '../types.ts';
import { requireCodeSystem, type TerminologyCall, type TerminologyOperation } from './operation.ts';

export const SUBSUMES: TerminologyOperation = {
  name: '$subsumes',
  parameters: {
    codeA: { type: 'code' },
    codeB: { type: 'code' },
    system: { type: 'uri' },
    version: { type: 'string' },
    codingA: { type: 'Coding' },
    codingB: { type: 'Coding' },
  },
  run: compareCodes,
};

function compareCodes(call: TerminologyCall): Resource {
  const codeSystem = requireCodeSystem(withSystemOfCodings(call), 'system');
  const tree = buildConceptTree(codeSystem);
  const [a, b] = [readCode(call.parameters, 'A', tree), readCode(call.parameters, 'B', tree)];
  return buildParameters([{ name: 'outcome', valueCode: compare(tree, a, b) }]);
}

function compare(tree: ConceptTree, a: string, b: string): string {
  if (a === b) return 'equivalent';
  if (tree.listAbove(b).includes(a)) return 'subsumes';
  return tree.listAbove(a).includes(b) ? 'subsumed-by' : 'not-subsumed';
}

/** If only Codings are sent, these name the code system. */
function withSystemOfCodings(call: TerminologyCall): TerminologyCall {
  const { parameters } = call;
  const systems = ['codingA', 'codingB'].map((name) => parameters.element(name)?.system);
  if (parameters.text('system') !== undefined || call.subject || typeof systems[0] !== 'string') return call;
  const [system] = systems;
  return { ...call, parameters: { ...parameters, text: (name) => (name === 'system' ? system : parameters.text(name)) } };
}

/** The code in the case of the code system. */
function readCode(parameters: OperationParameters, which: 'A' | 'B', tree: ConceptTree): string {
  const [codeName, codingName] = [`code${which}`, `coding${which}`];
  const coding = parameters.element(codingName);
  const code = coding ? coding.code : parameters.text(codeName);
  if (typeof code !== 'string' || (coding && parameters.text(codeName) !== undefined))
    throw invalid(`send either ${codeName} or ${codingName}`);
  const { url }: CodeSystem = tree.system;
  if (coding && coding.system !== url) throw invalid(`${codingName} must be of the code system ${url}`);
  const concept = tree.find(code);
  if (!concept && tree.system.content !== 'complete') throw notSupported(`not all codes of ${url} are known here`);
  if (!concept) throw notFound(`the code system ${url} has no code ${code}`);
  return concept.code;
}
