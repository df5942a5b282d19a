import { testSituations, useWorlds } from './support/situations/run-rows';

testSituations(useWorlds());
