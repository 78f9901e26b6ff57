// The results of an order as a laboratory report: values, units, reference ranges, flags, trends, and the laboratory's document.
import { useState } from 'preact/hooks';
import { ApiError } from '../../api/api-error.ts';
import { type DiagnosticReport, type Observation, readDocument, toId } from '../../api/orders.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { toHref } from '../../router.ts';
import { ResultRow } from './result-row.tsx';

interface ReportProps {
  report: DiagnosticReport;
  results: Observation[];
  /** The id of the patient. */
  patient: string | undefined;
}

const STATUS_TONES: Readonly<Record<string, 'good' | 'warn' | 'accent' | 'neutral'>> = {
  final: 'good',
  corrected: 'warn',
  amended: 'warn',
  appended: 'good',
  partial: 'accent',
};

export function Report({ report, results, patient }: ReportProps) {
  const isCritical = report.meta?.tag?.some(({ code }) => code === 'critical') === true;
  return (
    <section class="panel report" aria-labelledby="report">
      <header class="report-header">
        <div class="row">
          <h2 id="report">Results</h2>
          <Badge tone={STATUS_TONES[report.status] ?? 'neutral'}>{report.status}</Badge>
          {isCritical && <Badge tone="bad">critical value</Badge>}
        </div>
        <Document report={report} />
      </header>
      <p class="row order-facts quiet">
        {report.performer?.[0]?.display && <span>{report.performer[0].display}</span>}
        {report.effectiveDateTime && (
          <span>
            collected <TimeText at={report.effectiveDateTime} exact />
          </span>
        )}
        {report.issued && (
          <span>
            reported <TimeText at={report.issued} exact />
          </span>
        )}
        <a href={toHref(`/DiagnosticReport/${report.id}`)}>The report in all faces</a>
      </p>
      <section class="table-frame" aria-label="Table of results" tabIndex={0}>
        <table class="results">
          <caption class="unseen">Results of the report</caption>
          <thead>
            <tr>
              <th scope="col">Test</th>
              <th scope="col">Result</th>
              <th scope="col">Reference</th>
            </tr>
          </thead>
          <tbody>
            {sortByReport(report, results).map((observation) => (
              <ResultRow key={observation.id} observation={observation} patient={patient} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

/** In the order of the report, the members of a panel after it. */
function sortByReport({ result = [] }: DiagnosticReport, observations: Observation[]): Observation[] {
  const byId = new Map(observations.map((one) => [one.id, one]));
  const listed = result.flatMap((reference) => byId.get(toId(reference, 'Observation') ?? '') ?? []);
  const members = new Set(listed.flatMap(({ hasMember = [] }) => hasMember.map((one) => toId(one, 'Observation'))));
  return listed
    .filter(({ id }) => !members.has(id))
    .flatMap((one) => [one, ...(one.hasMember ?? []).flatMap((member) => byId.get(toId(member, 'Observation') ?? '') ?? [])]);
}

function Document({ report: { presentedForm = [] } }: { report: DiagnosticReport }) {
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const document = presentedForm.find(({ url }) => url?.startsWith('Binary/'));
  if (!document?.url) return null;
  const save = async (): Promise<void> => {
    setError(undefined);
    try {
      saveAs(await readDocument(document.url!), 'laboratory-report.pdf');
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
  };
  return (
    <>
      <Button icon="arrow" onClick={save}>
        PDF
      </Button>
      {error && <ErrorNotice error={error} title="Read the document" />}
    </>
  );
}

/** The name says nothing of the patient: it stays in the list of downloads. */
function saveAs(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
