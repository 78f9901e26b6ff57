// The name of a parameter, built step by step: the references that are followed as chips, then the choice of the next part.
import { useCallback, useRef } from 'preact/hooks';
import { Combobox } from '../../../components/combobox.tsx';
import { Icon } from '../../../components/icons.tsx';
import { filterOptions } from '../../../components/use-options.ts';
import type { Capabilities } from '../query/capabilities.ts';
import { formatPath, type ParameterPath, type Step } from '../query/parameter-path.ts';
import { listPathOptions } from './path-options.ts';
import { followSteps } from './rows.ts';

interface PathInputProps {
  capabilities: Capabilities;
  type: string;
  path: ParameterPath;
  onChange: (name: string) => void;
  invalid: boolean;
  autoFocus: boolean;
}

export function PathInput({ capabilities, type, path, onChange, invalid, autoFocus }: PathInputProps) {
  const { steps, code } = path;
  const types = followSteps(capabilities, type, steps);
  const find = useCallback((text: string) => filterOptions(listPathOptions(capabilities, types), text), [capabilities, types.join()]);
  const before = (count: number): string => formatPath({ steps: steps.slice(0, count), code: '', modifier: '' });
  const whole = useRef<HTMLDivElement>(null);
  const remove = (at: number): void => {
    onChange(before(at));
    // the button is gone then
    whole.current?.querySelector('input')?.focus();
  };
  return (
    <div class="path-input" ref={whole}>
      {steps.map((step, at) => (
        <button
          key={before(at + 1)}
          type="button"
          class="step"
          onClick={() => remove(at)}
          aria-label={`Remove the step ${describeStep(step)}`}
        >
          {describeStep(step)}
          <Icon name="close" size={10} />
        </button>
      ))}
      <Combobox
        label={steps.length ? `Parameter of ${types.join(' or ') || 'the resource'}` : `Parameter of ${type}`}
        text={code}
        find={find}
        onChoose={(option) => onChange(before(steps.length) + option.value)}
        placeholder="parameter …"
        invalid={invalid}
        autoFocus={autoFocus}
      />
    </div>
  );
}

const describeStep = (step: Step): string =>
  step.direction === 'from' ? `← ${step.type}.${step.code}` : `${step.code} → ${step.type ?? 'any type'}`;
