export { grants } from './grants';
export { lease } from './lease';
export { look } from './look';
export { provision } from './provision';
export { reconcile } from './reconcile';
export { unprovision } from './unprovision';
export { updateacl } from './updateacl';
