// The kinds of attack. They stand apart from the attacks themselves, so that naming one loads no
// libp2p.

export const ATTACK_KINDS = ['poison', 'false-haves', 'slow-loris', 'oversize'] as const;

export type AttackKind = (typeof ATTACK_KINDS)[number];
