// Cases of the constraints that nearly every resource has. https://hl7.org/fhir/R4/element.html, https://hl7.org/fhir/R4/domainresource.html
import { extension, type InvariantCases, type Json } from './values.ts';

const around = (contained: Json, more: Json = {}): Json => ({ resourceType: 'Patient', contained: [contained], ...more });
const inner = { resourceType: 'Organization', id: 'inner', name: 'Inner' };

export const ELEMENT_CASES: InvariantCases = {
  'DomainResource.dom-2': {
    type: 'Patient',
    keeps: [around(inner), {}],
    breaks: [around({ ...inner, contained: [{ resourceType: 'Organization', id: 'deep' }] })],
  },
  'DomainResource.dom-3': {
    type: 'Patient',
    keeps: [
      around(inner, { managingOrganization: { reference: '#inner' } }),
      around({ resourceType: 'Provenance', id: 'inner', target: [{ reference: '#' }] }),
      around(inner, { implicitRules: '#inner' }),
      {},
    ],
    breaks: [
      around(inner),
      around(inner, { managingOrganization: { reference: '#other' } }),
      around({ resourceType: 'Organization', name: 'No id' }),
    ],
  },
  'DomainResource.dom-4': {
    type: 'Patient',
    keeps: [around({ ...inner, meta: { profile: ['https://example.org/p'] } })],
    breaks: [around({ ...inner, meta: { versionId: '1' } }), around({ ...inner, meta: { lastUpdated: '2020-01-01T00:00:00Z' } })],
  },
  'DomainResource.dom-5': {
    type: 'Patient',
    keeps: [around({ ...inner, meta: { tag: [{ code: 'a' }] } })],
    breaks: [around({ ...inner, meta: { security: [{ code: 'R' }] } })],
  },
  'Element.ele-1': { type: 'HumanName', keeps: [{ text: 'A' }, { extension }, { id: 'a', text: 'A' }], breaks: [{}, { id: 'a' }] },
  'Extension.ext-1': {
    type: 'Extension',
    keeps: [
      { url: 'https://example.org', valueString: 'a' },
      { url: 'https://example.org', extension },
      { url: 'https://example.org', _valueString: { extension } },
    ],
    breaks: [{ url: 'https://example.org', valueString: 'a', extension }, { url: 'https://example.org' }],
  },
  'Narrative.txt-1': {
    type: 'xhtml',
    keeps: ['<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>'],
    breaks: ['<div><script>a</script></div>', '<div><p>a</div>', 'a'],
  },
  'Narrative.txt-2': {
    type: 'xhtml',
    keeps: ['<div>a</div>', '<div><img src="a.png"/></div>'],
    breaks: ['<div> \n </div>', '<div><img alt="a"/></div>'],
  },
  'Reference.ref-1': {
    type: 'Reference',
    root: around(inner),
    keeps: [{ reference: '#inner' }, { reference: 'Organization/1' }, { display: 'A' }],
    breaks: [{ reference: '#other' }],
  },
};
