// A short word about a state. The colour repeats what the word says.
import type { ComponentChildren } from 'preact';

type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'accent';

export const Badge = ({ tone = 'neutral', children }: { tone?: Tone; children: ComponentChildren }) => (
  <span class={`badge ${tone}`}>{children}</span>
);
