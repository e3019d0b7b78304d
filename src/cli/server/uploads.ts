// The options of the server's write side.
import type { Command } from 'commander';
import type { UploadOptions } from '../../hub/uploads/uploads.ts';
import { needs, positiveSeconds, size } from '../common/options.ts';

export interface UploadFlags {
  maxUpload?: number;
  quota?: number;
  uploadExpiry?: number;
}

export function addUploadOptions(command: Command): void {
  command
    .option('--max-upload <size>', 'longest file accepted (as in 10GiB)', size('--max-upload'))
    .option(
      '--quota <size>',
      'most bytes below the root, unfinished uploads included (as in 500GiB)',
      size('--quota'),
    )
    .option(
      '--upload-expiry <seconds>',
      'keep an unfinished upload for so long after its last byte (default: a day)',
      positiveSeconds('--upload-expiry'),
    );
}

/** @throws HubswarmError ERR_USAGE */
export function uploadOptionsOf(flags: UploadFlags & { writable: boolean }): UploadOptions {
  const { writable } = flags;
  needs('--max-upload', flags.maxUpload, '--writable', writable);
  needs('--quota', flags.quota, '--writable', writable);
  needs('--upload-expiry', flags.uploadExpiry, '--writable', writable);
  return {
    maxBytes: flags.maxUpload,
    quotaBytes: flags.quota,
    expireMs: flags.uploadExpiry === undefined ? undefined : flags.uploadExpiry * 1000,
  };
}
