import { testRows, useLanes } from './fault-lanes';

testRows('unprovision with removeData', useLanes());
