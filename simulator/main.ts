import { simulatorConfig } from './config';
import { startSimulator } from './simulator';
import { runProgram } from './steering/program';

runProgram({
  name: 'simulator',
  portVariable: 'SIMULATOR_PORT',
  settings: simulatorConfig,
  start: startSimulator,
  told: ({ auth }) => ({ auth }),
});
