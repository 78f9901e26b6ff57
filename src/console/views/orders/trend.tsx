// The patient's values of one test over time: a plot, and the same as a table.
import { useEffect, useRef } from 'preact/hooks';
import { type CodeableConcept, type Observation, readTrend } from '../../api/orders.ts';
import { useRequest } from '../../api/use-request.ts';
import { RequestView } from '../../components/request-view.tsx';
import { formatDay, TimeText } from '../../components/time-text.tsx';
import { type Bounds, describeMissingPlot, describeResult, findFlags, readNumber } from './observation-values.ts';
import type { TrendPoint } from './trend-plot.ts';

interface TrendProps {
  patient: string;
  coding: NonNullable<CodeableConcept['coding']>[number];
  name: string;
  unit: string | undefined;
  bounds: Bounds | undefined;
}

export function Trend({ patient, coding, name, unit, bounds }: TrendProps) {
  const request = useRequest([patient, coding.system, coding.code], (options) => readTrend(patient, coding, options));
  return (
    <RequestView request={request} title={`Read the trend of ${name}`} lines={4}>
      {(observations) => <TrendOf observations={observations} name={name} unit={unit} bounds={bounds} />}
    </RequestView>
  );
}

function TrendOf({ observations, name, unit, bounds }: Omit<TrendProps, 'patient' | 'coding'> & { observations: Observation[] }) {
  // values in another unit are in the table, and not in the plot
  const points = observations.flatMap((one): TrendPoint[] => {
    const value = readNumber(one);
    const at = one.effectiveDateTime ?? one.issued;
    return value === undefined || at === undefined || describeResult(one).unit !== unit ? [] : [{ at: Date.parse(at) / 1000, value }];
  });
  return (
    <div class="trend">
      {points.length > 1 ? (
        <Plot points={points} label={describePlot(name, points, unit)} bounds={bounds} />
      ) : (
        <p class="quiet">{describeMissingPlot(observations.length, points.length, unit)}</p>
      )}
      {observations.length > 0 && <TrendValues observations={observations} name={name} />}
    </div>
  );
}

const TrendValues = ({ observations, name }: { observations: Observation[]; name: string }) => (
  <table class="trend-values">
    <caption>Values of {name}</caption>
    <thead>
      <tr>
        <th scope="col">Collected</th>
        <th scope="col" class="end">
          Value
        </th>
        <th scope="col">Flag</th>
      </tr>
    </thead>
    <tbody>
      {observations.toReversed().map((one) => (
        <tr key={one.id}>
          <td>{(one.effectiveDateTime ?? one.issued) && <TimeText at={(one.effectiveDateTime ?? one.issued)!} exact />}</td>
          <td class="end">
            {describeResult(one).value} {describeResult(one).unit}
          </td>
          <td>
            {findFlags(one)
              .map(({ text }) => text)
              .join(', ')}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

function describePlot(name: string, points: TrendPoint[], unit = ''): string {
  const [first, last] = [points[0]!, points.at(-1)!];
  const day = ({ at }: TrendPoint): string => formatDay(new Date(at * 1000).toISOString());
  return `${name}: ${points.length} values from ${first.value} ${unit} on ${day(first)} to ${last.value} ${unit} on ${day(last)}`;
}

/** The plotting library is loaded when the first trend is opened. */
function Plot({ points, label, bounds }: { points: TrendPoint[]; label: string; bounds: Bounds | undefined }) {
  const place = useRef<HTMLDivElement>(null);
  const inputs = JSON.stringify([points, bounds]);
  useEffect(() => {
    let remove: (() => void) | undefined;
    let isLeft = false;
    void import('./trend-plot.ts').then(({ drawTrend }) => {
      if (!isLeft && place.current) remove = drawTrend(place.current, points, bounds);
    });
    return () => {
      isLeft = true;
      remove?.();
    };
  }, [inputs]);
  return <div class="plot" ref={place} role="img" aria-label={label} />;
}
