import { runProgram } from '../steering/program';
import { databricksConfig } from './config';
import { startDatabricksSimulator } from './simulator';

runProgram({
  name: 'databricks-simulator',
  portVariable: 'DATABRICKS_SIMULATOR_PORT',
  settings: databricksConfig,
  start: startDatabricksSimulator,
  told: () => ({}),
});
