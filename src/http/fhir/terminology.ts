// The terminology operations over HTTP, at the path of a type or of a stored definition, by GET and by POST.
// https://hl7.org/fhir/R4/terminology-service.html, https://hl7.org/fhir/R4/operations.html#executing

import { type OperationParameters, readOperationParameters } from '../../fhir/operation-parameters.ts';
import { businessRules, invalid, notFound, notSupported } from '../../fhir/outcome.ts';
import { addCoreDetails } from '../../fhir/terminology/core-details.ts';
import type { CodeSystem, ConceptMap, ValueSet } from '../../fhir/terminology/value-set.ts';
import { EXPAND } from '../../fhir/terminology-operations/expand.ts';
import { LOOKUP } from '../../fhir/terminology-operations/lookup.ts';
import { type ConceptMaps, listDefinitionUrls, type TerminologyOperation } from '../../fhir/terminology-operations/operation.ts';
import { SUBSUMES } from '../../fhir/terminology-operations/subsumes.ts';
import { readTranslated, TRANSLATE } from '../../fhir/terminology-operations/translate.ts';
import { VALIDATE_CODE_IN_CODE_SYSTEM, VALIDATE_CODE_IN_VALUE_SET } from '../../fhir/terminology-operations/validate-code.ts';
import { isServed, type Resource } from '../../fhir/types.ts';
import { validateResource } from '../../fhir/validation/validate.ts';
import { read } from '../../interactions/read.ts';
import { loadConceptMaps, loadTerminology } from '../../interactions/terminology.ts';
import { authorize } from '../middleware/authorize.ts';
import type { FhirCall, InteractionHandler } from './fhir-call.ts';

type DefinitionType = 'ValueSet' | 'CodeSystem' | 'ConceptMap';

const NO_MAPS: ConceptMaps = { used: [], others: [] };

/** Runs an operation. It needs the read permission of the definition's type, and uses only definitions that the caller may read. */
const handle =
  (type: DefinitionType, operation: TerminologyOperation): InteractionHandler =>
  async (call) => {
    const { context } = call;
    authorize(context.caller, type, 'r');
    const body = call.method === 'POST' ? await call.body.parameters() : undefined;
    const parameters = readOperationParameters(operation.name, operation.parameters, { query: call.query, body });
    const subject = await findSubject(call, type, { operation, parameters });
    const maps = type === 'ConceptMap' ? await findMaps(call, parameters, subject) : NO_MAPS;
    const given = subject && type !== 'ConceptMap' ? [toDefinition(subject)] : [];
    const terminology = addCoreDetails(await loadTerminology(context, listDefinitionUrls(parameters), given));
    const { clock, newId } = context;
    const result = operation.run({ parameters, terminology, maps, at: clock().toISOString(), newId, ...(subject && { subject }) });
    return { status: 200, body: JSON.stringify(result) };
  };

// The assertions: the resource is stored as one of its type, or was validated as one.
const toDefinition = (resource: Resource) => resource as unknown as ValueSet | CodeSystem;
const toConceptMap = (resource: Resource) => resource as unknown as ConceptMap;

/** The definition in the path or in the request. Undefined: the call names one by its URL. */
async function findSubject(
  { context, id }: FhirCall,
  type: DefinitionType,
  { operation, parameters }: { operation: TerminologyOperation; parameters: OperationParameters },
): Promise<Resource | undefined> {
  const name = Object.keys(operation.parameters).find((candidate) => operation.parameters[candidate]!.type === type);
  const sent = name === undefined ? undefined : parameters.resource(name);
  if (id !== '') {
    if (!isServed(type)) throw notFound(`there is no ${type} with this id`);
    if (sent || parameters.text('url') !== undefined) throw invalid(`the path names the ${type}: leave out url and ${name}`);
    // a stored body is the JSON of a resource
    return JSON.parse((await read(context, { type, id })).body) as Resource;
  }
  if (!sent) return undefined;
  if (!isServed(type)) throw notSupported(`a ${type} in the request cannot be checked: this server does not serve the type`);
  const issues = validateResource(sent, type);
  if (issues.length) throw businessRules(issues);
  return sent;
}

function findMaps({ context }: FhirCall, parameters: OperationParameters, subject: Resource | undefined): Promise<ConceptMaps> {
  const [url, version] = [parameters.text('url'), parameters.text('conceptMapVersion')];
  const [source, target] = [parameters.text('source'), parameters.text('target')];
  const request = {
    codings: readTranslated(parameters),
    isReverse: parameters.flag('reverse'),
    ...(url !== undefined && { url }),
    ...(version !== undefined && { version }),
    ...(source !== undefined && { source }),
    ...(target !== undefined && { target }),
  };
  return loadConceptMaps(context, request, subject && toConceptMap(subject));
}

export const handleExpand = handle('ValueSet', EXPAND);
export const handleValidateCodeInValueSet = handle('ValueSet', VALIDATE_CODE_IN_VALUE_SET);
export const handleValidateCodeInCodeSystem = handle('CodeSystem', VALIDATE_CODE_IN_CODE_SYSTEM);
export const handleLookup = handle('CodeSystem', LOOKUP);
export const handleSubsumes = handle('CodeSystem', SUBSUMES);
export const handleTranslate = handle('ConceptMap', TRANSLATE);
