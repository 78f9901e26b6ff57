// Builds the TerminologyCapabilities, the response to /metadata?mode=terminology: R4's own code systems, and what the terminology operations can do.
// https://hl7.org/fhir/R4/terminologycapabilities.html
import { describeCoreCodeSystem } from './terminology/core-details.ts';
import { listCoreCodeSystems } from './terminology/core-value-sets.ts';
import { EXPAND } from './terminology-operations/expand.ts';

interface TerminologyCapabilitiesOptions {
  baseUrl: string;
  version: string;
  /** The release date of the software. */
  date: string;
}

/** The resource. It is public, so it does not list what tenants store. */
export const buildTerminologyCapabilities = ({ baseUrl, version, date }: TerminologyCapabilitiesOptions): object => ({
  resourceType: 'TerminologyCapabilities',
  status: 'active',
  date,
  description: 'The code systems of R4. The operations also use those that a tenant stores, and those of loaded packages.',
  kind: 'instance',
  software: { name: 'Facet', version },
  implementation: { description: 'Facet, a FHIR R4 server', url: baseUrl },
  codeSystem: [
    // without a uri: what holds for every code system
    { subsumption: true },
    ...listCoreCodeSystems().map((uri) => {
      const { version: code } = describeCoreCodeSystem(uri) ?? {};
      return { uri, ...(code !== undefined && { version: [{ code, isDefault: true }] }), subsumption: true };
    }),
  ],
  expansion: {
    hierarchical: false,
    paging: true,
    incomplete: false,
    parameter: Object.keys(EXPAND.parameters).map((name) => ({ name })),
    textFilter: 'Each word of the filter begins a word of the display, or is in the code. Case and accents are ignored.',
  },
  codeSearch: 'all',
  validateCode: { translations: false },
  translation: { needsMap: false },
});
