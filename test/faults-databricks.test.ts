import { testFabric } from './support/fabric-faults/run-rows';

testFabric('databricks');
