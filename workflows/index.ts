export { lease } from './lease';
export { look } from './look';
export { provisionProduct, unprovisionProduct } from './product';
export { provision } from './provision';
export { reconcile } from './reconcile';
export { reverseProvision } from './reverse-provision';
export { unprovision } from './unprovision';
export { validate, validate as validateProduct } from './validate';
