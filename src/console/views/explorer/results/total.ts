// What is known of the number of matches, without pretending to more. https://hl7.org/fhir/R4/search.html#total

interface PageFacts {
  /** The matches on this page. */
  shown: number;
  isFirst: boolean;
  hasNext: boolean;
  /** Of the Bundle; undefined: the server did not count. */
  total: number | undefined;
  /** The value of `_total`. */
  requested: string | undefined;
}

const NUMBER = new Intl.NumberFormat('en');

export function describeTotal({ shown, isFirst, hasNext, total, requested }: PageFacts): string {
  const isWhole = isFirst && !hasNext;
  if (isWhole) return shown === 0 ? 'No matches' : `${formatCount(shown)}, all on this page`;
  const page = `${formatCount(shown)} on this page`;
  if (total === undefined)
    return `${page}${hasNext ? ', and there are more. The total is not counted.' : ', the last one. The total is not counted.'}`;
  return requested === 'estimate' ? `${page}, of about ${NUMBER.format(total)} (estimated)` : `${page}, of ${NUMBER.format(total)}`;
}

const formatCount = (count: number): string => `${NUMBER.format(count)} ${count === 1 ? 'match' : 'matches'}`;
