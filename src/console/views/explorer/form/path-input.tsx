// The name of a parameter, built step by step: the references that are followed as chips, then the choice of the next part. Next to a reference
// is the choice of the type to which it is followed.
import { useCallback, useRef } from 'preact/hooks';
import { Combobox } from '../../../components/combobox.tsx';
import { Icon } from '../../../components/icons.tsx';
import { filterOptions } from '../../../components/use-options.ts';
import type { Capabilities, SearchableParameter } from '../query/capabilities.ts';
import { formatPath, isOpenStep, type ParameterPath, type Step } from '../query/parameter-path.ts';
import { listPathOptions, listTargetOptions } from './path-options.ts';
import { findEnd, followSteps } from './rows.ts';

interface PathInputProps {
  capabilities: Capabilities;
  type: string;
  path: ParameterPath;
  onChange: (name: string) => void;
  invalid: boolean;
  autoFocus: boolean;
}

export function PathInput({ capabilities, type, path, onChange, invalid, autoFocus }: PathInputProps) {
  const { steps, code, modifier } = path;
  const before = (count: number): string => formatPath({ steps: steps.slice(0, count), code: '', modifier: '' });
  const name = before(steps.length);
  const find = useCallback((text: string) => filterOptions(listPathOptions(capabilities, type, steps), text), [capabilities, type, name]);
  const whole = useRef<HTMLDivElement>(null);
  /** What was pressed or chosen is gone then. */
  const changeName = (next: string): void => {
    onChange(next);
    whole.current?.querySelector('input')?.focus();
  };
  const reference = modifier === '' ? findEnd(capabilities, type, path) : undefined;
  return (
    <div class="path-input" ref={whole}>
      {steps.map((step, at) => (
        <button
          key={before(at + 1)}
          type="button"
          class="step"
          onClick={() => changeName(before(at))}
          aria-label={`Remove the step ${describeStep(step)}`}
        >
          {describeStep(step)}
          <Icon name="close" size={10} />
        </button>
      ))}
      <Combobox
        label={describeNext(steps, followSteps(capabilities, type, steps))}
        text={code}
        find={find}
        onChoose={(option) => onChange(addPart(steps, option.value))}
        placeholder={isOpenStep(steps.at(-1)) ? 'by its reference …' : 'parameter …'}
        invalid={invalid}
        autoFocus={autoFocus}
      />
      {reference !== undefined && reference.targets.length > 0 && (
        <TargetInput reference={reference} onChoose={(followed) => changeName(name + followed)} />
      )}
    </div>
  );
}

interface TargetInputProps {
  reference: SearchableParameter;
  onChoose: (followed: string) => void;
}

function TargetInput({ reference, onChoose }: TargetInputProps) {
  const { code, targets } = reference;
  const find = useCallback((text: string) => filterOptions(listTargetOptions(reference), text), [code, targets.join()]);
  return (
    <Combobox
      label={`Follow ${code} to a type`}
      text=""
      find={find}
      onChoose={({ value }) => onChoose(value)}
      placeholder="→ follow it …"
    />
  );
}

/** The name with its next part. */
function addPart(steps: readonly Step[], part: string): string {
  const last = steps.at(-1);
  if (isOpenStep(last)) return formatPath({ steps: [...steps.slice(0, -1), { ...last, code: part }], code: '', modifier: '' });
  return formatPath({ steps: [...steps], code: '', modifier: '' }) + part;
}

/** What is chosen next. */
function describeNext(steps: readonly Step[], types: readonly string[]): string {
  return `${isOpenStep(steps.at(-1)) ? 'Reference' : 'Parameter'} of ${types.join(' or ') || 'the resource'}`;
}

const describeStep = (step: Step): string => {
  if (isOpenStep(step)) return `← ${step.type}`;
  return step.direction === 'from' ? `← ${step.type}.${step.code}` : `${step.code} → ${step.type ?? 'any type'}`;
};
