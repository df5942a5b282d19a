import { runProgram } from '../steering/program';
import { snowflakeConfig } from './config';
import { startSnowflakeSimulator } from './simulator';

runProgram({
  name: 'snowflake-simulator',
  portVariable: 'SNOWFLAKE_SIMULATOR_PORT',
  settings: snowflakeConfig,
  start: startSnowflakeSimulator,
  told: ({ account }) => ({ account }),
});
