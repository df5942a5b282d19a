export { lease } from './lease';
export { provision } from './provision';
export { unprovision } from './unprovision';
export { reconcile } from './reconcile';
