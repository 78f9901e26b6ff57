// The laws find a field that another field of its element overwrites.

import type { Lens } from '../../src/mapping/lens/lens.ts';
import type { LoadedShape } from '../../src/mapping/load/loaded.ts';
import type { FieldSpec } from '../../src/mapping/spec.ts';
import { checkPutGet } from '../../src/mapping-tools/laws/round-trip.ts';
import { buildExampleEnv } from '../mapping/examples.ts';
import { planted } from '../mapping/planted-fields.ts';

const ENV = buildExampleEnv();

test('the laws find a field that is lost when another field of its element is written', () => {
  const field = (system: string): FieldSpec => ({ list: 'telecom', where: `system='${system}'`, fields: { value: { fhir: 'value' } } });
  const { lens } = planted('Patient', { phones: field('phone'), emails: field('email') });
  const resource = lens.write({ phones: [{ value: '1' }], emails: [{ value: '2' }] }, undefined, ENV);
  const lossy: Lens = {
    ...lens,
    write(view, into, env) {
      const { phones } = into ? lens.read(into, env) : {};
      return lens.write(JSON.stringify(view.emails).includes('Word') ? { ...view, phones } : view, into, env);
    },
  };
  const laws = (lens: Lens): string[] =>
    checkPutGet({ lens, mapping: { content: {} } } as LoadedShape, resource, { env: ENV, samples: () => [] });
  expect(laws(lens)).toEqual([]);
  expect(laws(lossy)).toEqual([expect.stringMatching(/^after phones and emails were written together, phones/)]);
});
