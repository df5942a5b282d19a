import { useLanes } from './fault-lanes';
import { testRows } from './fault-rows';

testRows('unprovision', useLanes());
