// Which of several rows of a parameter a resource is sorted by.

/** Where the least and the greatest stand: one each, since a resource has one place in an order. */
export function findExtremes<T extends string | number>(items: T[]): { least: number; greatest: number } {
  let [least, greatest] = [0, 0];
  for (let at = 1; at < items.length; at++) {
    if (items[at]! < items[least]!) least = at;
    if (items[at]! > items[greatest]!) greatest = at;
  }
  return { least, greatest };
}
