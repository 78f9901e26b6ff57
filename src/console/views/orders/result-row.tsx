// One result of a report, and its trend on demand.
import { useState } from 'preact/hooks';
import type { Observation } from '../../api/orders.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { describeBounds, describeCode, describeResult, findFlags, readBounds, readNumber } from './observation-values.ts';
import { RangeBar } from './range-bar.tsx';
import { Trend } from './trend.tsx';

export function ResultRow({ observation, patient }: { observation: Observation; patient: string | undefined }) {
  const [isOpen, setIsOpen] = useState(false);
  const { value, unit } = describeResult(observation);
  const flags = findFlags(observation);
  const tone = flags[0]?.tone;
  const number = readNumber(observation);
  const range = observation.referenceRange?.[0];
  const bounds = readBounds(range);
  const name = describeCode(observation);
  const coding = observation.code.coding?.[0];
  const notes = observation.note ?? [];
  if (observation.hasMember?.length)
    return (
      <tr class="panel-row">
        <th scope="colgroup" colSpan={3}>
          {name}
        </th>
      </tr>
    );
  return (
    <>
      <tr>
        <th scope="row">
          {name}
          {/corrected|amended|cancelled|entered-in-error/.test(observation.status) && (
            <>
              {' '}
              <Badge tone="warn">{observation.status}</Badge>
            </>
          )}
          {notes.map(({ text }) => (
            <span key={text} class="quiet note">
              {text}
            </span>
          ))}
        </th>
        <td {...(!range && number === undefined && { colSpan: 2 })}>
          <span class="result">
            <span class={number === undefined ? '' : `value ${tone ?? ''}`}>{value}</span>
            {unit && <span class="quiet">{unit}</span>}
            {flags.map((flag) => (
              <Badge key={flag.text} tone={flag.tone}>
                {flag.text}
              </Badge>
            ))}
          </span>
        </td>
        {(range || number !== undefined) && (
          <td>
            <span class="reference">
              {number !== undefined && bounds && <RangeBar value={number} bounds={bounds} tone={tone ?? 'neutral'} />}
              <span class="quiet">{describeBounds(range)}</span>
              {number !== undefined && patient !== undefined && coding && (
                <Button variant="quiet" pressed={isOpen} onClick={() => setIsOpen(!isOpen)}>
                  Trend<span class="unseen"> of {name}</span>
                </Button>
              )}
            </span>
          </td>
        )}
      </tr>
      {isOpen && (
        <tr class="trend-row">
          <td colSpan={3}>
            <Trend patient={patient!} coding={coding!} name={name} unit={unit} bounds={bounds} />
          </td>
        </tr>
      )}
    </>
  );
}
