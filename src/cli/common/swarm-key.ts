// Reads the key of a private swarm that a command line names.
import type { SwarmKey } from '../../peer/private/swarm-key.ts';
import type { Emit } from '../../telemetry/event.ts';

/** Warns if others may read it. @throws as readSwarmKey() */
export async function openSwarmKey(file: string, emit: Emit): Promise<SwarmKey> {
  const { readSwarmKey } = await import('../../peer/private/swarm-key.ts');
  const swarmKey = await readSwarmKey(file);
  if (swarmKey.exposed) {
    const message = `--swarm-key: ${file} can be read by others on this machine; chmod 600 keeps them out`;
    emit({ event: 'warned', message });
  }
  return swarmKey;
}
