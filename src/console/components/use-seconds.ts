// The seconds until a time, as the state of a component: counted down each second.
import { useEffect, useState } from 'preact/hooks';

/** 0: the time has come, or there is none. */
export function useSecondsUntil(time: number | undefined): number {
  const [, setTick] = useState(0);
  const seconds = time === undefined ? 0 : Math.max(0, Math.ceil((time - Date.now()) / 1000));
  const isOver = seconds === 0;
  useEffect(() => {
    if (isOver) return;
    const timer = setInterval(() => setTick((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, [isOver, time]);
  return seconds;
}
