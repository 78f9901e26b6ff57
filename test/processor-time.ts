// What a piece of work costs, whatever else the machine does meanwhile.

/** The processor time, in ms, that this process has used for it. */
export function processorTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
