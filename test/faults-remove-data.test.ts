import { useLanes } from './support/faults/lanes';
import { testRows } from './support/faults/rows';

testRows('unprovision with removeData', useLanes());
