// The addresses that this machine has at this moment.
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

export function ownAddresses(): NetworkInterfaceInfo[] {
  try {
    return Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  } catch {
    // The system has no free descriptor, or forbids the call: the next look may succeed.
    return [];
  }
}
