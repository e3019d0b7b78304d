// The names under which a person chooses the exchange's policies.
import { CHOKERS, type ChokerName } from '../exchange/choker.ts';
import { PICKERS, type PickerName } from '../exchange/picker.ts';

/** Of all swarms of a peer; what is not given is the session's default. */
export interface Policy {
  readonly picker?: PickerName;
  readonly choker?: ChokerName;
}

export const PICKER_NAMES = Object.keys(PICKERS) as PickerName[];
export const CHOKER_NAMES = Object.keys(CHOKERS) as ChokerName[];
