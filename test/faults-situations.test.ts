import { testSituations, useWorlds } from './situation-rows';

testSituations(useWorlds());
