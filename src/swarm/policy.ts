// The names under which a person chooses the exchange's policies.
import { CHOKERS, type ChokerName } from '../exchange/choker.ts';
import { PICKERS, type PickerName } from '../exchange/picker.ts';

/** Policies of all swarms of a peer; the session's default if left out. */
export interface Policy {
  readonly picker?: PickerName;
  readonly choker?: ChokerName;
}

export const PICKER_NAMES = Object.keys(PICKERS) as PickerName[];
export const CHOKER_NAMES = Object.keys(CHOKERS) as ChokerName[];
