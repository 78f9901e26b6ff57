// The loss report of a shape: what FHIR has and the shape does not show, and what is stored in another form than it is sent in.
import type { Losses } from '../../api/mapping-types.ts';
import { Table } from '../../components/table.tsx';

export const LossReport = ({ losses: { unshown, partial, changed }, resource }: { losses: Losses; resource: string }) => (
  <div class="losses">
    <p class="quiet">Nothing of this is lost in FHIR: a change through this shape keeps the elements that it does not show.</p>
    <section class="panel" aria-labelledby="unshown">
      <h2 id="unshown">Not shown</h2>
      {unshown.length === 0 ? (
        <p>Every element of {resource} is shown.</p>
      ) : (
        <p class="names">
          {unshown.map((name) => (
            <code key={name}>{name}</code>
          ))}
        </p>
      )}
    </section>
    {partial.length > 0 && (
      <section class="panel" aria-labelledby="partial">
        <h2 id="partial">Shown in part</h2>
        <Table
          caption="Elements that are shown in part"
          columns={[
            { title: 'Element', cell: ({ element }) => <code>{element}</code> },
            { title: 'What is shown', cell: ({ shown }) => <span class="long">{shown}</span> },
          ]}
          rows={partial}
          keyOf={({ element }) => element}
        />
      </section>
    )}
    {changed.length > 0 && (
      <section class="panel" aria-labelledby="changed">
        <h2 id="changed">Not stored as it is sent</h2>
        <Table
          caption="Fields that are stored in another form"
          columns={[
            { title: 'Field', cell: ({ field }) => <code>{field}</code> },
            { title: 'How', cell: ({ how }) => how },
          ]}
          rows={changed}
          keyOf={({ field, how }) => `${field} ${how}`}
        />
      </section>
    )}
  </div>
);
