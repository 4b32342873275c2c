import { Input, Label, Text, TextField } from 'react-aria-components';
import { dayOf } from '../ledger.ts';

type Props = {
  readonly label: string;
  readonly hint?: string;
  readonly value: string | undefined;
  readonly onChange: (day: string) => void;
};

/** A day of UTC. */
export function DayField({ label, hint, value, onChange }: Props) {
  return (
    <TextField className="field" value={dayOf(value)} onChange={onChange}>
      <Label>{label}</Label>
      <Input className="input" type="date" autoComplete="off" />
      {hint !== undefined && (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
    </TextField>
  );
}
