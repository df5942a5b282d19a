import { testRows, useLanes } from './fault-lanes';

testRows('unprovision', useLanes());
