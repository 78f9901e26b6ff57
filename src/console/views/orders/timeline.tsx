// The timeline of an order, newest first.
import { TimeText } from '../../components/time-text.tsx';
import type { ShownEntry } from './timeline-entries.ts';

const SOURCES: Readonly<Record<ShownEntry['source'], string>> = {
  server: 'this server',
  operator: 'a person',
  laboratory: 'the laboratory',
  report: 'the report',
};

export const Timeline = ({ entries }: { entries: ShownEntry[] }) => (
  <section class="panel" aria-labelledby="timeline">
    <h2 id="timeline">Timeline</h2>
    {entries.length === 0 ? (
      <p class="quiet">Nothing has happened yet.</p>
    ) : (
      <ol class="timeline" reversed>
        {entries.map((entry, at) => (
          <li key={`${entries.length - at} ${entry.at}`} class={entry.isMinor ? `${entry.tone} minor` : entry.tone}>
            <p class="what">
              <span class="unseen">By {SOURCES[entry.source]}: </span>
              {entry.title}
            </p>
            {entry.detail && <p class="quiet detail">{entry.detail}</p>}
            <p class="quiet when">
              <TimeText at={entry.at} exact />
              {entry.until && (
                <>
                  {' '}
                  until <TimeText at={entry.until} exact />
                </>
              )}
            </p>
          </li>
        ))}
      </ol>
    )}
  </section>
);
