// What a piece of work costs, whatever else the machine or another thread of this process does meanwhile.

/** The processor time, in ms, that this thread has used for it. */
export function processorTime(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
