// Why a file that was hashed does not give its bytes any more, as far as an error tells.
import type { LossReason } from '../../content/store.ts';
import { HubswarmError, hasCode, systemCode } from '../../runtime/errors.ts';

/** The device or the server of the file fails. */
const UNREADABLE = ['EIO', 'ENXIO', 'ENODEV', 'ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'ETIMEDOUT'];

/** Undefined for errors that pass, or that say nothing about the file (too many open files). */
export function lossReasonOf(error: unknown): LossReason | undefined {
  if (hasCode(error, 'ERR_SOURCE_CHANGED') || hasCode(error, 'ERR_EXISTS')) return 'changed';
  if (hasCode(error, 'ERR_NOT_FOUND')) return 'removed';
  const isUnreadable =
    hasCode(error, 'ERR_NOT_PERMITTED') || UNREADABLE.includes(systemCode(error) ?? '');
  return isUnreadable ? 'unreadable' : undefined;
}

const CODES = {
  changed: 'ERR_SOURCE_CHANGED',
  removed: 'ERR_NOT_FOUND',
  unreadable: 'ERR_NOT_PERMITTED',
} as const;

/** An error that tells this reason. */
export const lossError = (reason: LossReason, message: string): HubswarmError =>
  new HubswarmError(CODES[reason], message);
