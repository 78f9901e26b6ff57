// Changes between two versions, element by element: what was there, and what is there now.
interface Change {
  path: string;
  /** Absent: it was added. */
  before?: unknown;
  /** Absent: it was removed. */
  after?: unknown;
}

export const Diff = ({ changes, label }: { changes: Change[]; label: string }) =>
  changes.length === 0 ? (
    <p class="quiet">No differences.</p>
  ) : (
    <dl class="diff" aria-label={label}>
      {changes.map(({ path, before, after }) => (
        <div key={path}>
          <dt>
            <code>{path}</code>
          </dt>
          {before !== undefined && (
            <dd class="before">
              <span class="unseen">before: </span>
              <del>{toText(before)}</del>
            </dd>
          )}
          {after !== undefined && (
            <dd class="after">
              <span class="unseen">after: </span>
              <ins>{toText(after)}</ins>
            </dd>
          )}
        </div>
      ))}
    </dl>
  );

const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));
