// Fifty conditional creates of one identifier at once, over several servers, again and again: one resource each time.
// https://hl7.org/fhir/R4/http.html#ccreate

const AT_ONCE = 50;

/** What went wrong, a sentence each. */
export async function createdOnce({ bases, key, rounds }: { bases: string[]; key: string; rounds: number }): Promise<string[]> {
  const failures: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const identifier = `identifier=urn:round|${round}`;
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/fhir+json', 'If-None-Exist': identifier };
    const body = JSON.stringify({ resourceType: 'Patient', identifier: [{ system: 'urn:round', value: String(round) }] });
    const statuses = await Promise.all(
      Array.from({ length: AT_ONCE }, async (_one, n) => {
        const response = await fetch(`${bases[n % bases.length]}/Patient`, { method: 'POST', headers, body });
        await response.arrayBuffer();
        return response.status;
      }),
    );
    const found = await fetch(`${bases[0]}/Patient?${identifier}&_summary=count`, { headers: { Authorization: `Bearer ${key}` } });
    const { total } = (await found.json()) as { total: number };
    const created = statuses.filter((status) => status === 201).length;
    const others = statuses.filter((status) => status !== 201 && status !== 200);
    if (total !== 1 || created !== 1 || others.length)
      failures.push(`round ${round}: ${total} resources, ${created} × 201, others ${others}`);
    if ((round + 1) % 50 === 0) console.log(`${round + 1} rounds of ${AT_ONCE} conditional creates`);
  }
  return failures;
}
