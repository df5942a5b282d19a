export { provision } from './provision';
export { unprovision } from './unprovision';
