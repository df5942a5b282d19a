export { lease } from './lease';
export { look } from './look';
export { provisionProduct, unprovisionProduct } from './product';
export { provision } from './provision';
export { reconcile } from './reconcile';
export { unprovision } from './unprovision';
