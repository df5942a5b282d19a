/** By the status route that serves their tokens; each is the type of its workflow too. */
export const OPERATIONS = {
  provisioning: ['provision', 'unprovision', 'provisionProduct', 'unprovisionProduct', 'updateacl'],
  validation: ['validate', 'validateProduct'],
  'reverse-provisioning': ['reverseProvision'],
} as const;
export type Family = keyof typeof OPERATIONS;
export type Operation = (typeof OPERATIONS)[Family][number];
